import type { components } from '@/api/schema';

import type { Sighting } from './sighting';

export type VehicleType = components['schemas']['VehicleType'];
type Vehicle = Pick<Sighting, 'vehicle_type' | 'vehicle_color' | 'vehicle_make'>;

export const VEHICLE_WORDS: Record<VehicleType, string> = {
  car: 'Car',
  van: 'Van',
  truck: 'Truck',
  bus: 'Bus',
  motorcycle: 'Motorcycle',
};

/** What a list of vehicle types to choose from shows. */
export const VEHICLE_CHOICES = Object.entries(VEHICLE_WORDS).map(([value, label]) => ({
  value,
  label,
}));

/** Suggested so that people write the same color alike; any other can be written too. */
export const COLORS = [
  'black',
  'blue',
  'brown',
  'gray',
  'green',
  'orange',
  'red',
  'silver',
  'white',
  'yellow',
];

const INITIALS = new Set(['bmw', 'byd', 'daf', 'ds', 'gmc', 'ktm', 'man', 'mg', 'vw']);

/** "White Volkswagen van" of what is known; null where nothing is. */
export function vehicleText({ vehicle_type, vehicle_color, vehicle_make }: Vehicle): string | null {
  const type = vehicle_type && VEHICLE_WORDS[vehicle_type].toLowerCase();
  const words = [vehicle_color, vehicle_make && makeText(vehicle_make), type];
  const text = words.filter((word) => word !== null).join(' ');
  return text === '' ? null : capitalized(text);
}

export function isVehicleType(text: string | null): text is VehicleType {
  return text !== null && Object.hasOwn(VEHICLE_WORDS, text);
}

/** A make as it is written; the server keeps it in lower case. */
function makeText(make: string): string {
  const [first = ''] = make.split(/[\s-]/);
  if (INITIALS.has(first)) return first.toUpperCase() + make.slice(first.length);
  return make.replace(/(^|[\s-])\p{Letter}/gu, (start) => start.toUpperCase());
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
