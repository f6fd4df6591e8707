import { Select } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMemo, useState } from 'react';

import { zoneNames } from '@/components/localTime';

import classes from './sections.module.css';

interface ZoneFieldProps {
  label: string;
  zone: string;
  /** The logged-in user may see it only. */
  isFixed: boolean;
  onChange: (zone: string) => Promise<unknown>;
}

/** A time zone to choose by name; the choice is saved at once. */
export function ZoneField({ label, zone, isFixed, onChange }: ZoneFieldProps) {
  const [saving, setSaving] = useState<string | null>(null);
  const names = useMemo(() => zoneNames(zone), [zone]);
  if (isFixed) return <span className={classes.fixed}>{zone}</span>;
  const change = (chosen: string | null): void => {
    if (chosen === null || chosen === zone) return;
    setSaving(chosen);
    onChange(chosen)
      .then(
        () => {
          notifications.show({ message: `${label}: ${chosen}` });
        },
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          notifications.show({ color: 'red', title: 'Nothing was changed', message });
        },
      )
      .finally(() => {
        setSaving(null);
      });
  };
  return (
    <Select
      className={classes.zone ?? ''}
      aria-label={label}
      data={names}
      searchable
      allowDeselect={false}
      nothingFoundMessage="No such time zone"
      disabled={saving !== null}
      value={saving ?? zone}
      onChange={change}
    />
  );
}
