import { Skeleton } from '@mantine/core';
import { type ReactNode, useId } from 'react';

import classes from './Page.module.css';

interface PageProps {
  title: string;
  children: ReactNode;
}

/** A page of sections under its title. */
export function Page({ title, children }: PageProps) {
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{title}</h1>
      {children}
    </div>
  );
}

interface SectionProps {
  title: string;
  /** How many things there are, if that is of interest. */
  count?: number;
  children: ReactNode;
}

export function Section({ title, count, children }: SectionProps) {
  const headingId = useId();
  return (
    <section className={classes.section} aria-labelledby={headingId}>
      <h2 id={headingId} className={classes.heading}>
        {title}
        {count !== undefined && (
          <>
            {' '}
            <span className={classes.count}>{count}</span>
          </>
        )}
      </h2>
      {children}
    </section>
  );
}

/** What stands in place of a section's content while that is loaded. */
export function SectionLoading({ label }: { label: string }) {
  return (
    <div role="status" aria-busy="true" aria-label={label}>
      <Skeleton height={64} radius={0} />
    </div>
  );
}
