import { GUESS_BELOW, percent } from './Confidence';
import classes from './PlateBadge.module.css';

interface PlateBadgeProps {
  text: string;
  region?: string | null;
  /** How sure the region is, 0 to 1; null where nobody says. */
  regionConfidence?: number | null;
  /** Whether the text is below the level that the server is set to. */
  isUnsure?: boolean;
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
  isUnsure = false,
  size = 'md',
}: PlateBadgeProps) {
  const isRegionUnsure = isUnsureRegion(regionConfidence);
  return (
    <span className={classes.plate} data-size={size} data-unsure={isUnsure}>
      {region !== null && (
        <span
          className={classes.region}
          data-unsure={isRegionUnsure}
          title={isRegionUnsure ? `Region, probably: ${percent(regionConfidence)}% sure` : 'Region'}
        >
          {region.toUpperCase()}
          {isRegionUnsure && '?'}
        </span>
      )}
      <span className={classes.text}>{text}</span>
      {isUnsure && (
        <span className={classes.mark} title="Read unsurely: it opens no visit and no gate">
          <span aria-hidden="true">?</span>
          <span className="visually-hidden">, unsure</span>
        </span>
      )}
    </span>
  );
}
