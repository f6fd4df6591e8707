import { shownPlate } from '@/domain/sighting';

import { PlateBadge } from '../PlateBadge';
import classes from './AnnotatedPicture.module.css';
import { labelPlace, polygonPoints } from './outline';

export interface OutlinedPlate {
  id: number;
  plate: string;
  written?: string | null;
  is_unsure?: boolean;
  /** Pixels of the upright picture, from the plate's top left clockwise; null for a plate typed by hand. */
  corners: readonly (readonly number[])[] | null;
}

/** Leaves room on the screen for the reading below a tall picture. */
const TALLEST = '54vh';

interface AnnotatedPictureProps {
  src: string;
  alt: string;
  width: number;
  height: number;
  plates: readonly OutlinedPlate[];
  selectedId?: number | null;
  onSelect?: (id: number) => void;
  /** The browser can't show the picture, as those of phones that it doesn't know. */
  onNotShown?: () => void;
}

/** A picture with each plate outlined and its text beside the outline. */
export function AnnotatedPicture(props: AnnotatedPictureProps) {
  const { src, alt, width, height, plates, selectedId = null, onSelect, onNotShown } = props;
  const ratio = width / height;
  const outlined = plates.flatMap(({ corners, ...plate }) =>
    corners === null
      ? []
      : [{ id: plate.id, plate: shownPlate(plate), isUnsure: plate.is_unsure ?? false, corners }],
  );
  const frame = { aspectRatio: ratio, width: `min(100%, calc(${TALLEST} * ${ratio}))` };
  return (
    <div className={classes.picture} style={frame}>
      <img
        className={classes.image}
        src={src}
        alt={alt}
        width={width}
        height={height}
        onError={onNotShown}
      />
      <svg className={classes.overlay} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {outlined.map(({ id, corners }) => (
          <g key={id} data-selected={id === selectedId}>
            <polygon className={classes.halo} points={polygonPoints(corners)} />
            <polygon className={classes.outline} points={polygonPoints(corners)} />
          </g>
        ))}
      </svg>
      {outlined.map(({ id, plate, isUnsure, corners }) => {
        const { side, ...at } = labelPlace(corners, { width, height });
        const style = { left: `${at.leftPercent}%`, top: `${at.topPercent}%` };
        const label = (
          <PlateBadge text={plate} isUnsure={isUnsure} size={id === selectedId ? 'md' : 'sm'} />
        );
        return onSelect === undefined ? (
          <span key={id} className={classes.label} data-side={side} style={style}>
            {label}
          </span>
        ) : (
          <button
            key={id}
            type="button"
            className={classes.label}
            data-side={side}
            style={style}
            aria-pressed={id === selectedId}
            aria-label={`Plate ${plate}${isUnsure ? ', unsure' : ''}`}
            onClick={() => {
              onSelect(id);
            }}
          >
            {label}
          </button>
        );
      })}
    </div>
  );
}
