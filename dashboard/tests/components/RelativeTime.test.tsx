import { act, screen } from '@testing-library/react';
import { expect, test, vi } from 'vitest';

import { exactTime, RelativeTime, relativeTime } from '@/components/RelativeTime';

import { renderThemed } from '../support/render';

const NOW = Date.parse('2026-03-10T12:00:00Z');

test.each([
  ['2026-03-10T11:59:30Z', 'just now'],
  ['2026-03-10T12:00:20Z', 'just now'],
  ['2026-03-10T11:55:00Z', '5 min. ago'],
  ['2026-03-10T09:00:00Z', '3 hr. ago'],
  ['2026-03-09T12:00:00Z', 'yesterday'],
  ['2026-03-05T11:00:00Z', '5 days ago'],
  ['2026-03-10T12:30:00Z', 'in 30 min.'],
])('%s is %s at noon of the tenth', (iso, words) => {
  expect(relativeTime(iso, NOW)).toBe(words);
});

test('a time more than a week away is a date', () => {
  expect(relativeTime('2026-02-01T12:00:00Z', NOW)).toContain('2026');
});

test('the exact time has the year and the seconds', () => {
  const words = exactTime('2026-03-10T11:55:07Z');
  expect(words).toContain('2026');
  expect(words).toContain(':07');
});

test('the words move on while one looks', () => {
  vi.useFakeTimers({ now: NOW });
  renderThemed(<RelativeTime iso="2026-03-10T11:59:30Z" />);
  expect(screen.getByText('just now')).toHaveAttribute('datetime', '2026-03-10T11:59:30Z');
  act(() => {
    vi.advanceTimersByTime(60_000);
  });
  expect(screen.getByText('1 min. ago')).toBeInTheDocument();
});
