import { expect, test } from 'vitest';

import { browserZone, instantOf, localText, zoneNames } from '@/components/localTime';

test.each(['2026-03-01T12:00:00Z', '2026-07-01T23:59:07Z', '2000-01-03T00:00:00Z'])(
  '%s comes back from its text',
  (iso) => {
    expect(localText(iso)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    expect(Date.parse(instantOf(localText(iso)) ?? '')).toBe(Date.parse(iso));
  },
);

test('parts of a second are left out', () => {
  expect(instantOf(localText('2026-03-01T12:00:00.999Z'))).toBe('2026-03-01T12:00:00.000Z');
});

test.each(['', '2026-13-01T00:00', '2026-02-'])('the text “%s” is no instant', (text) => {
  expect(instantOf(text)).toBeNull();
});

test('time zones begin with the chosen one and have none twice', () => {
  const names = zoneNames('Asia/Tokyo');
  expect(names.slice(0, 2)).toEqual(['Asia/Tokyo', browserZone()]);
  expect(names).toContain('UTC');
  expect(new Set(names).size).toBe(names.length);
});
