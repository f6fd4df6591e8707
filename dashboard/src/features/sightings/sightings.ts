import {
  hashKey,
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';

import { client, unwrap } from '@/api/client';
import type { components } from '@/api/schema';

import { filledIn, queryOf, type SightingSearch } from './search';

export type Sighting = components['schemas']['SightingRead'];
export type SightingPage = components['schemas']['SightingPage'];
export type Correction = components['schemas']['SightingUpdate'];
export type Direction = Sighting['direction'];

export const PAGE_SIZE = 30;
/** How often the list is asked again while nothing comes by itself. */
export const POLL_MS = 10_000;

const LISTS_KEY = ['sightings', 'list'] as const;
/** The list under no search. */
export const ALL_KEY = [...LISTS_KEY, {}] as const;

export type SightingPages = InfiniteData<SightingPage, string | null>;

export function listKey(search: SightingSearch) {
  return [...LISTS_KEY, filledIn(search)] as const;
}

function sightingKey(id: number) {
  return ['sightings', 'one', id] as const;
}

/**
 * The sightings, newest first, by pages.
 *
 * @param search what they must fit.
 * @param isLive whether new ones come by themselves; otherwise they are asked for.
 */
export function useSightings(search: SightingSearch, isLive: boolean) {
  return useInfiniteQuery({
    queryKey: listKey(search),
    queryFn: async ({ pageParam: cursor, signal }): Promise<SightingPage> =>
      unwrap(
        client.GET('/api/v1/sightings', {
          params: {
            query: { limit: PAGE_SIZE, ...queryOf(search), ...(cursor !== null && { cursor }) },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: isLive ? false : POLL_MS,
  });
}

export function useSighting(id: number) {
  return useQuery({
    queryKey: sightingKey(id),
    queryFn: async ({ signal }): Promise<Sighting> =>
      unwrap(
        client.GET('/api/v1/sightings/{sighting_id}', {
          params: { path: { sighting_id: id } },
          signal,
        }),
      ),
  });
}

/** Corrects one sighting by the fields that are given; it is shown everywhere as it is then. */
export function useCorrection(id: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (correction: Correction): Promise<Sighting> =>
      unwrap(
        client.PATCH('/api/v1/sightings/{sighting_id}', {
          params: { path: { sighting_id: id } },
          body: correction,
        }),
      ),
    onSuccess: (sighting) => {
      mergeSighting(queries, sighting);
    },
  });
}

/**
 * Puts a new or changed sighting into what is already loaded. A list under a search is asked again,
 * for only the server knows what matches; so is one whose answer is under way, for it may be older
 * than the sighting.
 */
export function mergeSighting(queries: QueryClient, sighting: Sighting): void {
  queries.setQueryData(sightingKey(sighting.id), sighting);
  queries.setQueryData<SightingPages>(ALL_KEY, (pages) => pages && withSighting(pages, sighting));
  void queries.invalidateQueries({
    queryKey: LISTS_KEY,
    predicate: ({ queryKey, state }) =>
      hashKey(queryKey) !== hashKey(ALL_KEY) || state.fetchStatus === 'fetching',
  });
}

/** Asks for every loaded list again, after a time in which something may have been missed. */
export function refetchSightings(queries: QueryClient): void {
  void queries.invalidateQueries({ queryKey: LISTS_KEY });
}

/**
 * The pages with one sighting at its place by capture time: put in once, replaced where it already
 * is, left out when it belongs to a page that is not loaded yet.
 */
export function withSighting(pages: SightingPages, sighting: Sighting): SightingPages {
  const isKnown = pages.pages.some(({ items }) => items.some(({ id }) => id === sighting.id));
  const merged = isKnown ? replaceById(pages.pages, sighting) : insertByTime(pages.pages, sighting);
  return { ...pages, pages: merged };
}

function replaceById(pages: SightingPage[], sighting: Sighting): SightingPage[] {
  return pages.map((page) => ({
    ...page,
    items: page.items.map((item) => (item.id === sighting.id ? sighting : item)),
  }));
}

function insertByTime(pages: SightingPage[], sighting: Sighting): SightingPage[] {
  for (const [pageIndex, page] of pages.entries()) {
    const at = page.items.findIndex((item) => isNewer(sighting, item));
    const isEndOfAll = at === -1 && page.next_cursor === null;
    if (at === -1 && !isEndOfAll) continue;
    const place = at === -1 ? page.items.length : at;
    return pages.with(pageIndex, { ...page, items: page.items.toSpliced(place, 0, sighting) });
  }
  return pages;
}

function isNewer(one: Sighting, other: Sighting): boolean {
  const byTime = Date.parse(one.captured_at) - Date.parse(other.captured_at);
  return byTime > 0 || (byTime === 0 && one.id > other.id);
}
