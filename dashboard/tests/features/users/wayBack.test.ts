import { expect, test } from 'vitest';

import { wayBackFrom, wayBackOf } from '@/features/users/wayBack';

test('the way back keeps the search', () => {
  expect(wayBackFrom({ pathname: '/sightings/4', search: '?plate=A' })).toEqual({
    from: '/sightings/4?plate=A',
  });
});

test.each([
  ['no state', null, '/'],
  ['a state of something else', { idx: 3 }, '/'],
  ['a page', { from: '/sightings/4' }, '/sightings/4'],
  ['an address elsewhere', { from: 'https://elsewhere.example/' }, '/'],
  ['no text', { from: 7 }, '/'],
])('from %s it leads to %s', (_name, state, path) => {
  expect(wayBackOf(state)).toBe(path);
});
