import { expect, test } from 'vitest';

import { isVehicleType, vehicleText } from '@/domain/vehicle';

import { makeSighting } from '../support/sightings';

test.each<[string, Parameters<typeof makeSighting>[0], string | null]>([
  ['nothing', {}, null],
  ['only the type', { vehicle_type: 'motorcycle' }, 'Motorcycle'],
  ['only the color', { vehicle_color: 'dark red' }, 'Dark red'],
  ['only the make', { vehicle_make: 'land rover' }, 'Land Rover'],
  [
    'everything',
    { vehicle_type: 'van', vehicle_color: 'white', vehicle_make: 'volkswagen' },
    'White Volkswagen van',
  ],
  ['initials', { vehicle_type: 'car', vehicle_make: 'bmw' }, 'BMW car'],
  ['two words with a hyphen', { vehicle_make: 'mercedes-benz' }, 'Mercedes-Benz'],
  ['letters of other alphabets', { vehicle_make: 'škoda' }, 'Škoda'],
])('a vehicle of which %s is known', (_name, vehicle, text) => {
  expect(vehicleText(makeSighting(vehicle))).toBe(text);
});

test.each([
  ['car', true],
  ['tram', false],
  ['', false],
  ['toString', false],
  [null, false],
])('%j as a type: %s', (text, isOne) => {
  expect(isVehicleType(text)).toBe(isOne);
});
