import type { Location } from 'react-router';

/** Where the visitor of the log-in page came from. */
export interface WayBack {
  from: string;
}

export function wayBackFrom(location: Pick<Location, 'pathname' | 'search'>): WayBack {
  return { from: `${location.pathname}${location.search}` };
}

/** The page to return to after log-in; the first page when the state names none. */
export function wayBackOf(state: unknown): string {
  if (typeof state !== 'object' || state === null || !('from' in state)) return '/';
  return typeof state.from === 'string' && state.from.startsWith('/') ? state.from : '/';
}
