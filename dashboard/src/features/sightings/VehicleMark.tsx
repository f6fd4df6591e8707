import {
  IconBus,
  IconCar,
  IconCarSuv,
  IconMotorbike,
  IconTruck,
  type TablerIcon,
} from '@tabler/icons-react';

import type { Sighting } from '@/domain/sighting';
import { vehicleText, type VehicleType } from '@/domain/vehicle';

import classes from './VehicleMark.module.css';

const ICONS: Record<VehicleType, TablerIcon> = {
  car: IconCar,
  van: IconCarSuv,
  truck: IconTruck,
  bus: IconBus,
  motorcycle: IconMotorbike,
};

/** What is known of the vehicle in a few words, with a picture of its kind; nothing where nothing is. */
export function VehicleMark({ sighting }: { sighting: Sighting }) {
  const text = vehicleText(sighting);
  if (text === null) return null;
  const Icon = ICONS[sighting.vehicle_type ?? 'car'];
  return (
    <span className={classes.mark}>
      <Icon className={classes.icon} size={16} aria-hidden="true" />
      {text}
    </span>
  );
}
