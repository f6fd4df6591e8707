import { expect, test } from 'vitest';

import {
  ANY_VEHICLE,
  filledIn,
  isSearch,
  queryOf,
  searchOf,
  vehicleFacts,
} from '@/features/sightings/search';

test('an empty address asks for all', () => {
  const search = searchOf(new URLSearchParams());
  expect(search).toEqual({ plate: '', match: 'part', unsure: false, ...ANY_VEHICLE });
  expect(filledIn(search)).toEqual({});
  expect(isSearch(search)).toBe(false);
});

test('an address is read and written alike', () => {
  const fields = {
    plate: 'AB 1',
    vehicle_type: 'van',
    vehicle_color: 'dark red',
    vehicle_make: 'vw',
  };
  const search = searchOf(new URLSearchParams(fields));
  expect(filledIn(search)).toEqual(fields);
  expect(isSearch(search)).toBe(true);
  expect(vehicleFacts(search)).toBe(3);
});

test('what the server would refuse is left out of an address', () => {
  const typed = new URLSearchParams({ vehicle_type: 'tram', vehicle_color: 'x'.repeat(50) });
  expect(filledIn(searchOf(typed))).toEqual({ vehicle_color: 'x'.repeat(32) });
});

test('a plate is no fact of the vehicle', () => {
  expect(vehicleFacts(searchOf(new URLSearchParams('plate=AB1')))).toBe(0);
});

test.each([
  ['plate=M64', { plate: '*M64*' }],
  ['plate=%C3%9C64', { plate: '*Ü64*' }],
  ['plate=M%3F4*', { plate: 'M?4*' }],
  ['plate=B？', { plate: 'B？' }],
  ['plate=~ABC2', { plate: '~ABC2' }],
  ['plate=O695DVH&match=similar', { plate: 'O695DVH', match: 'fuzzy', distance: 1 }],
  ['plate=M%3F4&match=similar', { plate: 'M?4' }],
  ['match=similar', {}],
  ['unsure=true&plate=M64', { unsure: true, plate: '*M64*' }],
  ['unsure=false', {}],
  ['plate=M64&match=anything', { plate: '*M64*' }],
])('the address %s asks the server for %o', (address, query) => {
  expect(queryOf(searchOf(new URLSearchParams(address)))).toEqual(query);
});

test('looking for similar plates stands in the address', () => {
  const fields = { plate: 'O695DVH', match: 'similar' };
  expect(filledIn(searchOf(new URLSearchParams(fields)))).toEqual(fields);
});
