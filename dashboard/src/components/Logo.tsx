import classes from './Logo.module.css';

/** The mark (a small plate) and, unless `markOnly`, the name beside it. */
export function Logo({ markOnly = false }: { markOnly?: boolean }) {
  return (
    <span className={classes.logo}>
      <svg viewBox="0 0 46 28" width="46" height="28" aria-hidden="true" focusable="false">
        <rect x="0.5" y="0.5" width="45" height="27" rx="5.5" className={classes.face} />
        <rect x="3" y="3" width="40" height="22" rx="3.2" className={classes.rim} />
        <circle cx="7.4" cy="14" r="1.3" className={classes.bolt} />
        <circle cx="38.6" cy="14" r="1.3" className={classes.bolt} />
        <path d="M13.5 20V8h4.2a3.5 3.5 0 0 1 0 7h-4.2" className={classes.stroke} />
        <path d="M24.2 8l2.4 12L30 10.8 33.4 20l2.4-12" className={classes.stroke} />
      </svg>
      {markOnly ? (
        <span className={classes.hidden}>platewatch</span>
      ) : (
        <span className={classes.name}>
          plate<span className={classes.second}>watch</span>
        </span>
      )}
    </span>
  );
}
