import { instantOf, localText } from '@/components/localTime';
import { type Direction, type Sighting, shownPlate } from '@/domain/sighting';
import { isVehicleType } from '@/domain/vehicle';

import type { Correction } from '../sightings';

/** What the form shows; a field without a value is empty. */
export interface CorrectionValues {
  plate: string;
  region: string;
  direction: Direction;
  /** As text of a field in the reader's own zone. */
  captured_at: string;
  vehicle_type: string | null;
  vehicle_color: string;
  vehicle_make: string;
  note: string;
  reason: string;
}

export function valuesOf(sighting: Sighting): CorrectionValues {
  return {
    plate: shownPlate(sighting),
    region: sighting.region ?? '',
    direction: sighting.direction,
    captured_at: localText(sighting.captured_at),
    vehicle_type: sighting.vehicle_type,
    vehicle_color: sighting.vehicle_color ?? '',
    vehicle_make: sighting.vehicle_make ?? '',
    note: sighting.note ?? '',
    reason: '',
  };
}

/**
 * What was changed in the form, and only that: what others change at the same time stays. Null if
 * nothing was.
 */
export function correctionOf(before: CorrectionValues, now: CorrectionValues): Correction | null {
  const [old, given] = [fieldsOf(before), fieldsOf(now)];
  const changed = Object.entries(given).filter(
    ([field, value]) => value !== old[field as keyof typeof old],
  );
  if (changed.length === 0) return null;
  const reason = now.reason.trim();
  return { ...Object.fromEntries(changed), ...(reason !== '' && { reason }) };
}

/** The fields as the server keeps them. */
function fieldsOf(values: CorrectionValues) {
  return {
    plate: values.plate.trim().toUpperCase(),
    region: orNull(values.region.toLowerCase()),
    direction: values.direction,
    captured_at: instantOf(values.captured_at),
    vehicle_type: isVehicleType(values.vehicle_type) ? values.vehicle_type : null,
    vehicle_color: orNull(values.vehicle_color.toLowerCase()),
    vehicle_make: orNull(values.vehicle_make.toLowerCase()),
    note: orNull(values.note),
  } satisfies Correction;
}

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
