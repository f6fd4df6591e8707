import { expect, test } from 'vitest';

import { initialOf } from '@/features/users/initial';

test.each([
  ['anna', 'A'],
  ['Ärzte', 'Ä'],
  ['_gate 7', 'G'],
  ['7up', '7'],
  ['ßigma', 'S'],
  ['𝒜nna', '𝒜'],
  ['李雷', '李'],
  ['(local)', null],
  ['...', null],
  ['', null],
])('%j is shown by %j', (username, initial) => {
  expect(initialOf(username)).toBe(initial);
});
