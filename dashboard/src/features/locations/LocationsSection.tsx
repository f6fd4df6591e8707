import { Button } from '@mantine/core';
import { IconMapPin } from '@tabler/icons-react';

import { useHasRight } from '@/api/rights';
import { Section, SectionLoading } from '@/components/Page';
import { EmptyState, ErrorState } from '@/components/States';

import { type Location, useLocations, useLocationZone } from './locations';
import classes from './sections.module.css';
import { ZoneField } from './ZoneField';

/** Each location with its time zone and how full it is. */
export function LocationsSection() {
  const locations = useLocations();
  const items = locations.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title="Locations">
      {locations.isPending && <SectionLoading label="Loading the locations" />}
      {locations.isError && locations.data === undefined && (
        <ErrorState
          title="The locations could not be loaded"
          error={locations.error}
          onRetry={() => void locations.refetch()}
        />
      )}
      {locations.data !== undefined && items.length === 0 && (
        <EmptyState icon={<IconMapPin size={26} />} title="There is no location yet">
          Name one with the photos that you add, and it appears here.
        </EmptyState>
      )}
      {items.length > 0 && (
        <ul className={classes.list}>
          {items.map((location) => (
            <LocationRow key={location.id} location={location} />
          ))}
        </ul>
      )}
      {locations.hasNextPage && (
        <div className={classes.more}>
          <Button
            variant="default"
            size="sm"
            loading={locations.isFetchingNextPage}
            onClick={() => void locations.fetchNextPage()}
          >
            {locations.isFetchNextPageError ? 'Loading failed. Try again' : 'Show more'}
          </Button>
        </div>
      )}
    </Section>
  );
}

function LocationRow({ location }: { location: Location }) {
  const { mutateAsync } = useLocationZone(location.id);
  const isManager = useHasRight('manage');
  const { name, address, occupancy, capacity, time_zone } = location;
  return (
    <li className={classes.row}>
      <div className={classes.words}>
        <span className={classes.name}>{name}</span>
        <span className={classes.facts}>
          {address !== null && address !== '' && `${address} · `}
          {occupancy.toLocaleString()} inside
          {capacity !== null && ` of ${capacity.toLocaleString()}`}
        </span>
      </div>
      <ZoneField
        label={`Time zone of ${name}`}
        zone={time_zone}
        isFixed={!isManager}
        onChange={mutateAsync}
      />
    </li>
  );
}
