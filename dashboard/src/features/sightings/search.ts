import { isVehicleType, MAX_COLOR_LENGTH, MAX_MAKE_LENGTH, type VehicleType } from './vehicle';

/** What is asked of the vehicle; an empty text asks for nothing. */
export interface VehicleSearch {
  vehicle_type: VehicleType | '';
  vehicle_color: string;
  vehicle_make: string;
}

/** What sightings are looked for. */
export interface SightingSearch extends VehicleSearch {
  plate: string;
}

export const ANY_VEHICLE: VehicleSearch = { vehicle_type: '', vehicle_color: '', vehicle_make: '' };

/** The fields that are filled in, under the names that both the address and the server use. */
export function filledIn({ plate, vehicle_type, vehicle_color, vehicle_make }: SightingSearch) {
  return {
    ...(plate !== '' && { plate }),
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
    vehicle_type: isVehicleType(type) ? type : '',
    vehicle_color: (address.get('vehicle_color') ?? '').slice(0, MAX_COLOR_LENGTH),
    vehicle_make: (address.get('vehicle_make') ?? '').slice(0, MAX_MAKE_LENGTH),
  };
}
