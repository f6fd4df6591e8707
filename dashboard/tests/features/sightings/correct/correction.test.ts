import { expect, test } from 'vitest';

import { localText } from '@/components/localTime';
import {
  correctionOf,
  type CorrectionValues,
  valuesOf,
} from '@/features/sightings/correct/correction';

import { makeSighting } from '../../../support/sightings';

const NOON = '2026-03-01T12:00:00Z';
const BEFORE = valuesOf(makeSighting({ vehicle_type: 'car', vehicle_color: 'red', note: 'loud' }));

test.each<[string, Partial<CorrectionValues>, unknown]>([
  ['nothing', {}, null],
  ['only a reason', { reason: 'because' }, null],
  ['only case and spaces', { plate: ' ab12cde', vehicle_color: 'Red ' }, null],
  ['the plate', { plate: 'ab12cdf' }, { plate: 'AB12CDF' }],
  ['the type', { vehicle_type: 'van' }, { vehicle_type: 'van' }],
  ['the type, away', { vehicle_type: null }, { vehicle_type: null }],
  ['the color, away', { vehicle_color: ' ' }, { vehicle_color: null }],
  ['the make', { vehicle_make: ' Opel' }, { vehicle_make: 'opel' }],
  ['the region', { region: 'US-CA' }, { region: 'us-ca' }],
  ['the time to itself', { captured_at: localText(NOON).slice(0, 16) }, null],
  [
    'the time',
    { captured_at: '2026-02-01T10:00' },
    { captured_at: new Date('2026-02-01T10:00').toISOString() },
  ],
  [
    'direction and note, with a reason',
    { direction: 'leaving', note: '', reason: ' seen by me ' },
    { direction: 'leaving', note: null, reason: 'seen by me' },
  ],
])('changing %s', (_name, over, correction) => {
  expect(correctionOf(BEFORE, { ...BEFORE, ...over })).toEqual(correction);
});
