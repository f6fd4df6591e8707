import { Tooltip } from '@mantine/core';

import classes from './ConnectionBadge.module.css';
import type { ConnectionState } from './LiveConnection';

const WORDS: Record<ConnectionState, { label: string; explanation: string }> = {
  connecting: { label: 'Connecting', explanation: 'Opening the live channel.' },
  live: { label: 'Live', explanation: 'New sightings appear here by themselves.' },
  reconnecting: {
    label: 'Reconnecting',
    explanation: 'The live channel is closed. The list is asked for every few seconds meanwhile.',
  },
};

/** Whether the list fills by itself. */
export function ConnectionBadge({ state }: { state: ConnectionState }) {
  const { label, explanation } = WORDS[state];
  return (
    <Tooltip label={explanation} multiline maw={260}>
      <span className={classes.badge} data-state={state} role="status">
        <span className={classes.dot} aria-hidden="true" />
        {label}
      </span>
    </Tooltip>
  );
}
