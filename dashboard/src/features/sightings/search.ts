import { MAX_LENGTHS } from '@/api/limits';
import { isVehicleType, type VehicleType } from '@/domain/vehicle';

/** What is asked of the vehicle; an empty text asks for nothing. */
export interface VehicleSearch {
  vehicle_type: VehicleType | '';
  vehicle_color: string;
  vehicle_make: string;
}

/** How the typed text and a plate may differ: a piece of the plate, or a whole plate that was misread. */
export const PLATE_MATCHES = ['part', 'similar'] as const;
export type PlateMatch = (typeof PLATE_MATCHES)[number];

/** Edits that a similar plate may differ by; taking a look-alike (0 and O) counts half. */
const SIMILAR_DISTANCE = 1;

/** What sightings are looked for. */
export interface SightingSearch extends VehicleSearch {
  plate: string;
  match: PlateMatch;
  /** Only those that were read unsurely and that nobody confirmed. */
  unsure: boolean;
}

export const ANY_VEHICLE: VehicleSearch = { vehicle_type: '', vehicle_color: '', vehicle_make: '' };

/** The fields that are filled in, as they stand in the address. */
export function filledIn(search: SightingSearch) {
  const { plate, match, unsure } = search;
  return {
    ...(plate !== '' && { plate, ...(match === 'similar' && { match }) }),
    ...(unsure && { unsure: 'true' }),
    ...vehicleFilledIn(search),
  };
}

/** The same search in the parameters of `GET /api/v1/sightings`. */
export function queryOf(search: SightingSearch) {
  return {
    ...plateQuery(search),
    ...(search.unsure && { unsure: true }),
    ...vehicleFilledIn(search),
  };
}

function plateQuery({ plate, match }: SightingSearch) {
  if (plate === '') return {};
  // A pseudonym (~) is searched whole, and wildcards say themselves what is a piece.
  if (plate.startsWith('~') || /[?*？＊]/.test(plate)) return { plate };
  if (match === 'similar') return { plate, match: 'fuzzy', distance: SIMILAR_DISTANCE } as const;
  return { plate: `*${plate}*` };
}

function vehicleFilledIn({ vehicle_type, vehicle_color, vehicle_make }: VehicleSearch) {
  return {
    ...(vehicle_type !== '' && { vehicle_type }),
    ...(vehicle_color !== '' && { vehicle_color }),
    ...(vehicle_make !== '' && { vehicle_make }),
  };
}

export function isSearch(search: SightingSearch): boolean {
  return Object.keys(filledIn(search)).length > 0;
}

/** How many facts of the vehicle are asked for. */
export function vehicleFacts({ vehicle_type, vehicle_color, vehicle_make }: VehicleSearch): number {
  return [vehicle_type, vehicle_color, vehicle_make].filter((fact) => fact !== '').length;
}

/** The search in an address. What the server would refuse is left out, for addresses are typed too. */
export function searchOf(address: URLSearchParams): SightingSearch {
  const type = address.get('vehicle_type');
  return {
    plate: address.get('plate') ?? '',
    match: address.get('match') === 'similar' ? 'similar' : 'part',
    unsure: address.get('unsure') === 'true',
    vehicle_type: isVehicleType(type) ? type : '',
    vehicle_color: (address.get('vehicle_color') ?? '').slice(0, MAX_LENGTHS.search.vehicle_color),
    vehicle_make: (address.get('vehicle_make') ?? '').slice(0, MAX_LENGTHS.search.vehicle_make),
  };
}
