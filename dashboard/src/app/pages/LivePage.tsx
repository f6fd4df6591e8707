import { useState } from 'react';
import { Outlet, useLocation, useNavigate, useParams, useSearchParams } from 'react-router';

import { useHasRight } from '@/api/rights';
import { shownPlate } from '@/domain/sighting';
import { SightingList } from '@/features/sightings/list/SightingList';
import { SightingSearchBar } from '@/features/sightings/list/SightingSearchBar';
import { ConnectionBadge } from '@/features/sightings/live/ConnectionBadge';
import { useLiveSightings } from '@/features/sightings/live/useLiveSightings';
import { filledIn, searchOf, type SightingSearch } from '@/features/sightings/search';
import { SightingDrawer } from '@/features/sightings/SightingDrawer';
import { PassFactsFields } from '@/features/uploads/PassFactsFields';
import { PhotoDrop } from '@/features/uploads/PhotoDrop';
import { NEXT_PHOTO, NOTHING_SAID } from '@/features/uploads/sendPhoto';
import { UploadList } from '@/features/uploads/UploadList';
import type { Upload } from '@/features/uploads/UploadQueue';
import { UploadResult } from '@/features/uploads/UploadResult';
import { useUploadQueue } from '@/features/uploads/useUploadQueue';

import classes from './LivePage.module.css';

/** Photos in on one side, sightings as they come on the other. */
export function LivePage() {
  const { state, arrivedIds, latest } = useLiveSightings();
  const [address, setAddress] = useSearchParams();
  const search = searchOf(address);
  const canRecord = useHasRight('recognize');
  const changeSearch = (asked: SightingSearch): void => {
    setAddress(filledIn(asked), { replace: true });
  };
  return (
    <div className={classes.page} data-photos={canRecord}>
      <h1 className="visually-hidden">Live</h1>
      {canRecord && (
        <div className={classes.photos}>
          <Photos />
        </div>
      )}
      <section className={classes.sightings} aria-labelledby="sightings-title">
        <SightingSearchBar search={search} onSearch={changeSearch}>
          <h2 id="sightings-title" className={classes.title}>
            Sightings
          </h2>
          <ConnectionBadge state={state} />
        </SightingSearchBar>
        <div className={classes.scroll}>
          <SightingList
            search={search}
            isLive={state === 'live'}
            arrivedIds={arrivedIds}
            onSearch={changeSearch}
          />
        </div>
      </section>
      <p className="visually-hidden" aria-live="polite">
        {latest !== null && `New sighting: ${shownPlate(latest)}`}
      </p>
      <Outlet />
    </div>
  );
}

/** The sighting in the address, over the live page. */
export function OpenSighting() {
  const { sightingId } = useParams();
  const { search } = useLocation();
  const navigate = useNavigate();
  const close = (): void => {
    void navigate({ pathname: '/', search });
  };
  return <SightingDrawer id={Number(sightingId)} onClose={close} />;
}

function Photos() {
  const { queue, uploads } = useUploadQueue();
  const [facts, setFacts] = useState(NOTHING_SAID);
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const shown = shownUpload(uploads, chosenKey);
  const add = (files: File[]): void => {
    setChosenKey(null);
    queue.add(files, facts);
    // The next photo is taken at the same gate, but seldom of the same vehicle and never at the same time.
    setFacts({ ...facts, ...NEXT_PHOTO });
  };
  return (
    <>
      <PhotoDrop
        isCompact={uploads.length > 0}
        onPhotos={add}
        onRefused={(file, message) => {
          queue.refuse(file, facts, message);
        }}
      />
      <PassFactsFields facts={facts} onChange={setFacts} />
      {uploads.length > 0 && (
        <UploadList
          uploads={uploads.toReversed()}
          selectedKey={shown?.key ?? null}
          onSelect={setChosenKey}
          onRetry={(key) => {
            queue.retry(key);
          }}
          onRemove={(key) => {
            queue.remove(key);
          }}
          onClear={() => {
            queue.clearFinished();
          }}
        />
      )}
      {shown?.state.kind === 'done' && (
        <UploadResult
          key={shown.key}
          name={shown.file.name}
          previewUrl={shown.previewUrl}
          image={shown.state.image}
        />
      )}
    </>
  );
}

/** The photo the user chose, or else the one that was read last. */
function shownUpload(uploads: readonly Upload[], chosenKey: string | null): Upload | undefined {
  return (
    uploads.find(({ key }) => key === chosenKey) ??
    uploads.findLast(({ state }) => state.kind === 'done')
  );
}
