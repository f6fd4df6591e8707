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
import type { Sighting } from '@/domain/sighting';

import { filledIn, queryOf, type SightingSearch } from './search';

export type SightingPage = components['schemas']['SightingPage'];
export type Correction = components['schemas']['SightingUpdate'];

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

/** One sighting; null once it was deleted here. */
export function useSighting(id: number) {
  return useQuery({
    queryKey: sightingKey(id),
    queryFn: async ({ signal }): Promise<Sighting | null> =>
      unwrap(
        client.GET('/api/v1/sightings/{sighting_id}', {
          params: { path: { sighting_id: id } },
          signal,
        }),
      ),
  });
}

async function correct(id: number, correction: Correction): Promise<Sighting> {
  return unwrap(
    client.PATCH('/api/v1/sightings/{sighting_id}', {
      params: { path: { sighting_id: id } },
      body: correction,
    }),
  );
}

/** Corrects one sighting by the fields that are given; it is shown everywhere as it is then. */
export function useCorrection(id: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (correction: Correction) => correct(id, correction),
    onSuccess: (sighting) => {
      mergeSighting(queries, sighting);
    },
  });
}

/** Sets the time at which a photo was taken, for all its sightings. */
export function useCaptureTime(ids: readonly number[]) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (captured_at: string): Promise<void> => {
      // One after the other: where one is refused, the ones before it are shown as they are then.
      for (const id of ids) mergeSighting(queries, await correct(id, { captured_at }));
    },
  });
}

/** Deletes one sighting with its photo and history; it goes from everything that is shown. */
export function useDeletion(id: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (): Promise<void> => {
      await unwrap(
        client
          .DELETE('/api/v1/sightings/{sighting_id}', { params: { path: { sighting_id: id } } })
          .then((answer) => ({ ...answer, data: true as const })),
      );
    },
    onSuccess: () => {
      queries.setQueryData<Sighting | null>(sightingKey(id), null);
      queries.setQueriesData<SightingPages>(
        { queryKey: LISTS_KEY },
        (pages) => pages && withoutSighting(pages, id),
      );
    },
  });
}

/**
 * Calls back with each sighting that was changed, or deleted (null), anywhere in the dashboard.
 *
 * @returns what ends it.
 */
export function watchSightings(
  queries: QueryClient,
  onChange: (id: number, sighting: Sighting | null) => void,
): () => void {
  return queries.getQueryCache().subscribe(({ type, query }) => {
    const key: readonly unknown[] = query.queryKey as readonly unknown[];
    const [room, kind, id] = key;
    if (type !== 'updated' || room !== 'sightings' || kind !== 'one') return;
    const sighting = query.state.data as Sighting | null | undefined;
    if (typeof id === 'number' && sighting !== undefined) onChange(id, sighting);
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
  const known = pages.pages.flatMap(({ items }) => items).find(({ id }) => id === sighting.id);
  if (known?.captured_at === sighting.captured_at) {
    return { ...pages, pages: replaceById(pages.pages, sighting) };
  }
  const others = withoutSighting(pages, sighting.id);
  return { ...others, pages: insertByTime(others.pages, sighting) };
}

function withoutSighting(pages: SightingPages, gone: number): SightingPages {
  const left = pages.pages.map((page) => ({
    ...page,
    items: page.items.filter(({ id }) => id !== gone),
  }));
  return { ...pages, pages: left };
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
