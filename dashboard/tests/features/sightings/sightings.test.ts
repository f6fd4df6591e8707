import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';

import type { Sighting } from '@/domain/sighting';
import { ANY_VEHICLE } from '@/features/sightings/search';
import {
  ALL_KEY,
  listKey,
  mergeSighting,
  type SightingPages,
  withSighting,
} from '@/features/sightings/sightings';

import { makeSighting, sightingAt } from '../../support/sightings';

function pagesOf(minutes: number[][], nextCursor: string | null): SightingPages {
  return {
    pages: minutes.map((page, index) => ({
      items: page.map((minute) => sightingAt(minute)),
      next_cursor: index < minutes.length - 1 ? `page-${index + 1}` : nextCursor,
    })),
    pageParams: minutes.map((_, index) => (index === 0 ? null : `page-${index}`)),
  };
}

function idsOf({ pages }: SightingPages): number[][] {
  return pages.map(({ items }) => items.map(({ id }) => id));
}

test.each<[string, number[][], string | null, Sighting, number[][]]>([
  ['an empty list', [[]], null, sightingAt(5), [[105]]],
  ['a list of older ones', [[4, 2]], null, sightingAt(5), [[105, 104, 102]]],
  ['the middle by its time', [[4, 2]], null, sightingAt(3), [[104, 103, 102]]],
  ['the end of all', [[4, 2]], null, sightingAt(1), [[104, 102, 101]]],
  ['a page not loaded yet', [[4, 2]], 'more', sightingAt(1), [[104, 102]]],
  [
    'the second page',
    [
      [9, 8],
      [5, 3],
    ],
    'more',
    sightingAt(4),
    [
      [109, 108],
      [105, 104, 103],
    ],
  ],
  ['the same time, by number', [[4]], null, sightingAt(4, { id: 900 }), [[900, 104]]],
])('a new sighting goes into %s', (_name, minutes, cursor, sighting, ids) => {
  expect(idsOf(withSighting(pagesOf(minutes, cursor), sighting))).toEqual(ids);
});

test('a sighting that is already there is replaced, not repeated', () => {
  const before = pagesOf([[4, 2]], null);
  const after = withSighting(before, sightingAt(2, { plate: 'FIXED1' }));
  expect(idsOf(after)).toEqual([[104, 102]]);
  expect(after.pages[0]?.items[1]?.plate).toBe('FIXED1');
  expect(before.pages[0]?.items[1]?.plate).toBe('AB12CDE');
});

test('a sighting whose time was corrected moves to its place', () => {
  const before = pagesOf([[4, 2]], null);
  const later = sightingAt(9);
  const moved = withSighting(before, { ...later, id: 102 });
  expect(idsOf(moved)).toEqual([[102, 104]]);
  const { captured_at } = sightingAt(1);
  const beyond = withSighting(pagesOf([[4, 2]], 'more'), { ...later, id: 104, captured_at });
  expect(idsOf(beyond)).toEqual([[102]]);
});

test('merging fills the open list, and only lists under a search are asked again', () => {
  const queries = new QueryClient();
  queries.setQueryData(ALL_KEY, pagesOf([[4]], null));
  queries.setQueryData(
    listKey({ ...ANY_VEHICLE, plate: 'AB12CDE', match: 'part', unsure: false }),
    pagesOf([[4]], null),
  );
  mergeSighting(queries, sightingAt(5));
  expect(idsOf(queries.getQueryData<SightingPages>(ALL_KEY) ?? pagesOf([], null))).toEqual([
    [105, 104],
  ]);
  expect(queries.getQueryState(ALL_KEY)?.isInvalidated).toBe(false);
  expect(
    queries.getQueryState(
      listKey({ ...ANY_VEHICLE, plate: 'AB12CDE', match: 'part', unsure: false }),
    )?.isInvalidated,
  ).toBe(true);
});

test('merging makes no list where none was loaded', () => {
  const queries = new QueryClient();
  mergeSighting(queries, makeSighting());
  expect(queries.getQueryData(ALL_KEY)).toBeUndefined();
});
