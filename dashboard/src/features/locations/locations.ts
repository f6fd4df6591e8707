import { useMutation, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';

import { client, unwrap } from '@/api/client';
import type { components } from '@/api/schema';

export type Location = components['schemas']['LocationRead'];
export type ServerSettings = components['schemas']['ServerSettingsRead'];
type LocationPage = components['schemas']['LocationPage'];

const PAGE_SIZE = 100;
const LOCATIONS_KEY = ['locations'] as const;
const SETTINGS_KEY = ['settings'] as const;

/** The locations by name, by pages. */
export function useLocations() {
  return useInfiniteQuery({
    queryKey: LOCATIONS_KEY,
    queryFn: async ({ pageParam: cursor, signal }): Promise<LocationPage> =>
      unwrap(
        client.GET('/api/v1/locations', {
          params: { query: { limit: PAGE_SIZE, ...(cursor !== null && { cursor }) } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
}

export function useServerSettings() {
  return useQuery({
    queryKey: SETTINGS_KEY,
    queryFn: async ({ signal }): Promise<ServerSettings> =>
      unwrap(client.GET('/api/v1/settings', { signal })),
  });
}

export function useLocationZone(id: number) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (time_zone: string): Promise<Location> =>
      unwrap(
        client.PATCH('/api/v1/locations/{location_id}', {
          params: { path: { location_id: id } },
          body: { time_zone },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: LOCATIONS_KEY }),
  });
}

export function useServerZone() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (time_zone: string): Promise<ServerSettings> =>
      unwrap(client.PATCH('/api/v1/settings', { body: { time_zone } })),
    onSuccess: (settings) => {
      queries.setQueryData(SETTINGS_KEY, settings);
    },
  });
}
