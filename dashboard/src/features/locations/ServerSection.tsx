import { useHasRight } from '@/api/rights';
import { Section, SectionLoading } from '@/components/Page';
import { ErrorState } from '@/components/States';

import { type ServerSettings, useServerSettings, useServerZone } from './locations';
import classes from './sections.module.css';
import { ZoneField } from './ZoneField';

const ORIGIN_WORDS: Record<ServerSettings['time_zone_origin'], string | null> = {
  administrator: null,
  environment:
    'The setting PLATEWATCH_TIME_ZONE says it. Change it there and start the server again.',
  nobody: 'Nobody chose one yet, so it is UTC.',
};

/** The time zone of the server. */
export function ServerSection() {
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
