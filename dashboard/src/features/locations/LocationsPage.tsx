import { Button } from '@mantine/core';
import { IconMapPin } from '@tabler/icons-react';

import { useHasRight } from '@/api/rights';
import { Page, Section, SectionLoading } from '@/components/Page';
import { EmptyState, ErrorState } from '@/components/States';

import {
  type Location,
  type ServerSettings,
  useLocations,
  useLocationZone,
  useServerSettings,
  useServerZone,
} from './locations';
import classes from './LocationsPage.module.css';
import { ZoneField } from './ZoneField';

/** The time zones of the server and of each location. */
export function LocationsPage() {
  return (
    <Page title="Locations">
      <ServerSection />
      <LocationsSection />
    </Page>
  );
}

const ORIGIN_WORDS: Record<ServerSettings['time_zone_origin'], string | null> = {
  administrator: null,
  environment:
    'The setting PLATEWATCH_TIME_ZONE says it. Change it there and start the server again.',
  nobody: 'Nobody chose one yet, so it is UTC.',
};

function ServerSection() {
  const settings = useServerSettings();
  const { mutateAsync } = useServerZone();
  const isManager = useHasRight('manage');
  return (
    <Section title="Server">
      {settings.isPending && <SectionLoading label="Loading the settings" />}
      {settings.isError && settings.data === undefined && (
        <ErrorState
          title="The settings could not be loaded"
          error={settings.error}
          onRetry={() => void settings.refetch()}
        />
      )}
      {settings.data !== undefined && (
        <div className={classes.row}>
          <p className={classes.words}>
            Locations that are made by their name get this time zone, and photos whose camera names
            none. Locations that exist keep theirs.
            <span className={classes.facts}>{ORIGIN_WORDS[settings.data.time_zone_origin]}</span>
          </p>
          <ZoneField
            label="Time zone of the server"
            zone={settings.data.time_zone}
            isFixed={!isManager || settings.data.time_zone_origin === 'environment'}
            onChange={mutateAsync}
          />
        </div>
      )}
    </Section>
  );
}

function LocationsSection() {
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
