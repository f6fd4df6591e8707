/** An instant as `<input type="datetime-local">` writes it, in the reader's own time zone, to the second. */
export function localText(iso: string): string {
  const at = new Date(iso);
  const [year, ...rest] = [
    at.getFullYear(),
    at.getMonth() + 1,
    at.getDate(),
    at.getHours(),
    at.getMinutes(),
    at.getSeconds(),
  ];
  const [month, day, hour, minute, second] = rest.map((part) => String(part).padStart(2, '0'));
  return `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}`;
}

const LOCAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** The instant of such a text with its offset, as the server takes it; null for a text that is none. */
export function instantOf(text: string): string | null {
  const at = new Date(text);
  return LOCAL_TIME.test(text) && !Number.isNaN(at.getTime()) ? at.toISOString() : null;
}

/** The reader's own time zone, such as "Europe/Berlin". */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The time zones to choose from: `first`, that of the browser, UTC, then all by name. */
export function zoneNames(first: string = browserZone()): string[] {
  return [...new Set([first, browserZone(), 'UTC', ...Intl.supportedValuesOf('timeZone')])];
}
