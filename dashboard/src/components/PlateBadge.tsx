import { GUESS_BELOW, percent } from './Confidence';
import classes from './PlateBadge.module.css';

interface PlateBadgeProps {
  text: string;
  region?: string | null;
  /** How sure the region is, 0 to 1; null where nobody says. */
  regionConfidence?: number | null;
  size?: 'sm' | 'md' | 'lg';
}

/** Whether the region is rather a guess than a fact. */
export function isUnsureRegion(confidence: number | null): confidence is number {
  return confidence !== null && confidence < GUESS_BELOW;
}

/** A plate's text set like a plate, with its region on the strip at the left where one is known. */
export function PlateBadge({
  text,
  region = null,
  regionConfidence = null,
  size = 'md',
}: PlateBadgeProps) {
  const isUnsure = isUnsureRegion(regionConfidence);
  return (
    <span className={classes.plate} data-size={size}>
      {region !== null && (
        <span
          className={classes.region}
          data-unsure={isUnsure}
          title={isUnsure ? `Region, probably: ${percent(regionConfidence)}% sure` : 'Region'}
        >
          {region.toUpperCase()}
          {isUnsure && '?'}
        </span>
      )}
      <span className={classes.text}>{text}</span>
    </span>
  );
}
