import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { client, unwrap } from '@/api/client';
import type { components } from '@/api/schema';

export type Watchlist = components['schemas']['WatchlistRead'];
export type ListImport = components['schemas']['ListImportRead'];
export type RefusedLine = components['schemas']['RefusedLine'];
type ListImportPage = components['schemas']['ListImportPage'];

const LISTS_KEY = ['watchlists', 'all'] as const;
const PAGE_SIZE = 20;
/** How often a running import is asked about. */
export const RUNNING_MS = 2_000;
/** How often it is asked whether somebody, perhaps a program, sent another file. */
const IDLE_MS = 30_000;

export function useWatchlists() {
  return useQuery({
    queryKey: LISTS_KEY,
    queryFn: async ({ signal }): Promise<Watchlist[]> =>
      (await unwrap(client.GET('/api/v1/watchlists', { signal }))).items,
  });
}

/**
 * The imports of files into lists, newest first, by pages; asked for again while one is running. With
 * each that ends, the lists are asked for again too.
 */
export function useListImports() {
  const queries = useQueryClient();
  const imports = useInfiniteQuery({
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
  const ended = imports.data?.pages
    .flatMap(({ items }) => items.filter((item) => !isAtWork(item)))
    .map(({ id }) => id)
    .join();
  const endedBefore = useRef(ended);
  useEffect(() => {
    if (endedBefore.current !== undefined && endedBefore.current !== ended) {
      void queries.invalidateQueries({ queryKey: LISTS_KEY });
    }
    endedBefore.current = ended;
  }, [queries, ended]);
  return imports;
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
