import { useInfiniteQuery, useQuery } from '@tanstack/react-query';

import { client, unwrap } from '@/api/client';
import type { components } from '@/api/schema';

export type Watchlist = components['schemas']['WatchlistRead'];
export type ListImport = components['schemas']['ListImportRead'];
export type RefusedLine = components['schemas']['RefusedLine'];
type ListImportPage = components['schemas']['ListImportPage'];

const PAGE_SIZE = 20;
/** How often a running import is asked about. */
export const RUNNING_MS = 2_000;
/** How often it is asked whether somebody, perhaps a program, sent another file. */
const IDLE_MS = 30_000;

export function useWatchlists() {
  return useQuery({
    queryKey: ['watchlists'],
    queryFn: async ({ signal }): Promise<Watchlist[]> =>
      (await unwrap(client.GET('/api/v1/watchlists', { signal }))).items,
  });
}

/** The imports of files into lists, newest first, by pages; asked for again while one is running. */
export function useListImports() {
  return useInfiniteQuery({
    queryKey: ['watchlists', 'imports'],
    queryFn: async ({ pageParam: cursor, signal }): Promise<ListImportPage> =>
      unwrap(
        client.GET('/api/v1/watchlists/imports', {
          params: { query: { limit: PAGE_SIZE, ...(cursor !== null && { cursor }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: ({ state: { data } }) => {
      const isRunning = data?.pages.some(({ items }) => items.some(isAtWork)) ?? false;
      return isRunning ? RUNNING_MS : IDLE_MS;
    },
  });
}

function isAtWork({ state }: ListImport): boolean {
  return state === 'running';
}

/** The lines that one import refused; they never change. */
export function useRefusedLines(importId: number) {
  return useQuery({
    queryKey: ['watchlists', 'import', importId],
    queryFn: async ({ signal }): Promise<RefusedLine[]> => {
      const path = { import_id: importId };
      const { problems } = await unwrap(
        client.GET('/api/v1/watchlists/imports/{import_id}', { params: { path }, signal }),
      );
      return problems;
    },
    staleTime: Infinity,
  });
}
