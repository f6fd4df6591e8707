import {
  IconArrowDownRight,
  IconArrowUpRight,
  IconKeyboard,
  IconPhotoOff,
} from '@tabler/icons-react';
import { Link, useLocation } from 'react-router';

import { Confidence } from '@/components/Confidence';
import { PlateBadge } from '@/components/PlateBadge';
import { RelativeTime } from '@/components/RelativeTime';
import {
  type Direction,
  DIRECTION_WORDS,
  isTyped,
  type Sighting,
  shownPlate,
} from '@/domain/sighting';
import { vehicleText } from '@/domain/vehicle';

import { VehicleMark } from '../VehicleMark';
import classes from './SightingRow.module.css';

interface SightingRowProps {
  sighting: Sighting;
  /** It came while the list was open: it makes an entrance. */
  isNew: boolean;
}

export function SightingRow({ sighting, isNew }: SightingRowProps) {
  const { search, pathname } = useLocation();
  const path = `/sightings/${sighting.id}`;
  return (
    <li className={classes.item} data-new={isNew}>
      <Link
        className={classes.row}
        to={{ pathname: path, search }}
        aria-current={pathname === path ? 'true' : undefined}
      >
        <span className={classes.crop}>
          {sighting.crop_url === null ? (
            <NoCrop sighting={sighting} />
          ) : (
            <img src={sighting.crop_url} alt="" loading="lazy" />
          )}
        </span>
        <span className={classes.main}>
          <PlateBadge
            text={shownPlate(sighting)}
            region={sighting.region}
            regionConfidence={sighting.region_confidence}
            isUnsure={sighting.is_unsure}
          />
          <Facts sighting={sighting} />
        </span>
        <span className={classes.side}>
          <RelativeTime iso={sighting.captured_at} />
          {/* What somebody typed has no confidence. */}
          {!isTyped(sighting) && <Confidence value={sighting.confidence} />}
        </span>
      </Link>
    </li>
  );
}

/** What stands in place of the cut-out: somebody typed the pass, or its picture is gone. */
function NoCrop({ sighting }: { sighting: Sighting }) {
  if (!isTyped(sighting)) return <IconPhotoOff size={20} stroke={1.5} aria-hidden="true" />;
  return (
    <span title="Typed by hand">
      <IconKeyboard size={22} stroke={1.5} aria-hidden="true" />
      <span className="visually-hidden">Typed by hand</span>
    </span>
  );
}

function Facts({ sighting }: { sighting: Sighting }) {
  const { camera, location, direction } = sighting;
  const places = [camera, location].filter((place) => place !== null).join(' · ');
  if (places === '' && direction === 'unknown' && vehicleText(sighting) === null) return null;
  return (
    <span className={classes.facts}>
      <DirectionMark direction={direction} />
      <VehicleMark sighting={sighting} />
      {places}
    </span>
  );
}

function DirectionMark({ direction }: { direction: Direction }) {
  if (direction === 'unknown') return null;
  const Icon = direction === 'entering' ? IconArrowDownRight : IconArrowUpRight;
  return (
    <span className={classes.direction}>
      <Icon size={15} aria-hidden="true" />
      {DIRECTION_WORDS[direction]}
    </span>
  );
}
