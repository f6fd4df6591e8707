import { Button, Skeleton } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { IconCarOff, IconSearchOff, IconZoomCheck } from '@tabler/icons-react';
import { useEffect } from 'react';

import { useHasRight } from '@/api/rights';
import { EmptyState, ErrorState } from '@/components/States';

import { isSearch, type SightingSearch, vehicleFacts } from '../search';
import { useSightings } from '../sightings';
import classes from './SightingList.module.css';
import { SightingRow } from './SightingRow';

interface SightingListProps {
  search: SightingSearch;
  isLive: boolean;
  arrivedIds: ReadonlySet<number>;
  onSearch: (search: SightingSearch) => void;
}

/** The sightings, newest first, more of them as one scrolls. */
export function SightingList({ search, isLive, arrivedIds, onSearch }: SightingListProps) {
  const list = useSightings(search, isLive);
  if (list.isPending) return <LoadingRows />;
  if (list.data === undefined) {
    return (
      <ErrorState
        title="The sightings could not be loaded"
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    );
  }
  const sightings = list.data.pages.flatMap(({ items }) => items);
  if (sightings.length === 0) return <NoSightings search={search} onSearch={onSearch} />;
  return (
    <>
      {search.plate !== '' && search.match === 'similar' && (
        <p className={classes.explanation}>
          Plates that differ from “{search.plate}” by one character, or by two that look alike, such
          as 0 and O or 8 and B.
        </p>
      )}
      <ol className={classes.list} aria-label="Sightings, newest first">
        {sightings.map((sighting) => (
          <SightingRow key={sighting.id} sighting={sighting} isNew={arrivedIds.has(sighting.id)} />
        ))}
      </ol>
      <div className={classes.end}>
        {list.hasNextPage ? (
          <LoadMore
            isLoading={list.isFetchingNextPage}
            hasFailed={list.isFetchNextPageError}
            onLoad={() => void list.fetchNextPage()}
          />
        ) : (
          <span>{sightings.length === 1 ? 'This is the only one.' : 'These are all of them.'}</span>
        )}
      </div>
    </>
  );
}

interface LoadMoreProps {
  isLoading: boolean;
  hasFailed: boolean;
  onLoad: () => void;
}

/** Loads the next page when it comes into view, or by the button; after a failure by the button only. */
function LoadMore({ isLoading, hasFailed, onLoad }: LoadMoreProps) {
  const { ref, entry } = useIntersection({ rootMargin: '200px' });
  const isInView = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (isInView && !isLoading && !hasFailed) onLoad();
  }, [isInView, isLoading, hasFailed, onLoad]);
  return (
    <Button ref={ref} variant="default" size="sm" loading={isLoading} onClick={onLoad}>
      {hasFailed ? 'Loading failed. Try again' : 'Load more'}
    </Button>
  );
}

interface NoSightingsProps {
  search: SightingSearch;
  onSearch: (search: SightingSearch) => void;
}

function NoSightings({ search, onSearch }: NoSightingsProps) {
  const canRecord = useHasRight('recognize');
  if (isSearch(search)) return <NothingFound search={search} onSearch={onSearch} />;
  return (
    <EmptyState icon={<IconCarOff size={26} />} title="No sightings yet">
      {canRecord
        ? 'Drop a photo of a vehicle, and its plate appears here.'
        : 'Nothing was recorded on this server yet.'}
    </EmptyState>
  );
}

function NothingFound({ search, onSearch }: NoSightingsProps) {
  const icon = <IconSearchOff size={26} />;
  if (search.unsure) {
    return (
      <EmptyState icon={<IconZoomCheck size={26} />} title="No unsure reading waits for a look">
        Readings below the level that the server is set to appear here until somebody corrects or
        confirms them.
      </EmptyState>
    );
  }
  if (vehicleFacts(search) > 0) {
    return (
      <EmptyState icon={icon} title="No sighting fits this search">
        Photos tell nothing of the vehicle: only those are found whose type, color or make somebody
        entered. Write the whole color and the whole make.
      </EmptyState>
    );
  }
  if (search.match === 'similar') {
    return (
      <EmptyState icon={icon} title={`No sighting of a plate like “${search.plate}”`}>
        Look-alikes differ from the whole plate by one character, or by two that are easily mixed
        up, such as 0 and O. With a piece of the plate, turn “Look-alikes” off.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={icon} title={`No sighting with “${search.plate}”`}>
      <p>
        A piece of the plate is enough, “?” stands for one character and “*” for any number. Spaces,
        case and accents don’t count.
      </p>
      <Button
        variant="default"
        size="sm"
        onClick={() => {
          onSearch({ ...search, match: 'similar' });
        }}
      >
        Search plates that look like “{search.plate}”
      </Button>
    </EmptyState>
  );
}

const SKELETON_ROWS = [0, 1, 2, 3, 4, 5];

function LoadingRows() {
  return (
    <div className={classes.list} aria-busy="true" aria-label="Loading sightings" role="status">
      {SKELETON_ROWS.map((row) => (
        <div key={row} className={classes.skeleton}>
          <Skeleton width={96} height={44} />
          <div className={classes.lines}>
            <Skeleton width={120} height={22} />
            <Skeleton width="60%" height={12} />
          </div>
        </div>
      ))}
    </div>
  );
}
