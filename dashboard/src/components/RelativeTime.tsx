import { Tooltip } from '@mantine/core';

import { useNow } from './now';

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
const WEEK_S = 7 * DAY_S;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** "just now", "5 min. ago", "yesterday"; a date once it is more than a week away. */
export function relativeTime(iso: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1000);
  const distance = Math.abs(seconds);
  if (distance < MINUTE_S) return 'just now';
  if (distance < HOUR_S) return relative.format(Math.trunc(seconds / MINUTE_S), 'minute');
  if (distance < DAY_S) return relative.format(Math.trunc(seconds / HOUR_S), 'hour');
  if (distance < WEEK_S) return relative.format(Math.trunc(seconds / DAY_S), 'day');
  return day.format(Date.parse(iso));
}

const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** An instant in the reader's own time zone, to the minute. */
export function shortTime(iso: string): string {
  return short.format(Date.parse(iso));
}

/** An instant in the reader's own time zone, to the second. */
export function exactTime(iso: string): string {
  return exact.format(Date.parse(iso));
}

export function RelativeTime({ iso }: { iso: string }) {
  const nowMs = useNow();
  return (
    <Tooltip label={exactTime(iso)} openDelay={300}>
      <time dateTime={iso}>{relativeTime(iso, nowMs)}</time>
    </Tooltip>
  );
}
