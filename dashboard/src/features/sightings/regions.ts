import { useQuery } from '@tanstack/react-query';

import { client, unwrap } from '@/api/client';
import type { components } from '@/api/schema';

type Region = components['schemas']['RegionRead'];

export interface RegionChoice {
  value: string;
  label: string;
}

/** The regions that the server knows; they never change while it runs. */
export function useRegions() {
  return useQuery({
    queryKey: ['regions'],
    queryFn: async ({ signal }): Promise<Region[]> => {
      const { items } = await unwrap(client.GET('/api/v1/regions', { signal }));
      return items;
    },
    staleTime: Infinity,
  });
}

/** The regions to choose from, by name; `current` is among them even if the server does not know it. */
export function regionChoices(regions: Region[], current: string): RegionChoice[] {
  const choices = regions
    .map(({ code, name }) => ({ value: code, label: `${name} (${code.toUpperCase()})` }))
    .toSorted((one, other) => one.label.localeCompare(other.label));
  const isKnown = current === '' || regions.some(({ code }) => code === current);
  return isKnown ? choices : [{ value: current, label: current.toUpperCase() }, ...choices];
}
