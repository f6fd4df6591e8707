import classes from './PlateBadge.module.css';

interface PlateBadgeProps {
  text: string;
  region?: string | null;
  size?: 'sm' | 'md' | 'lg';
}

/** A plate's text set like a plate, with its region on the strip at the left where one is known. */
export function PlateBadge({ text, region = null, size = 'md' }: PlateBadgeProps) {
  return (
    <span className={classes.plate} data-size={size}>
      {region !== null && (
        <span className={classes.region} title="Region">
          {region.toUpperCase()}
        </span>
      )}
      <span className={classes.text}>{text}</span>
    </span>
  );
}
