import { Loader } from '@mantine/core';
import type { ReactNode } from 'react';

import { Logo } from '@/components/Logo';

import classes from './AccountPage.module.css';

interface AccountPageProps {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
}

/** The sheet that every page before log-in is written on. */
export function AccountPage({ title, lead, children, footer }: AccountPageProps) {
  return (
    <main className={classes.page}>
      <div className={classes.column}>
        <Logo />
        <section className={classes.sheet} aria-labelledby="account-title">
          <h1 id="account-title" className={classes.title}>
            {title}
          </h1>
          {lead !== undefined && <div className={classes.lead}>{lead}</div>}
          {children}
        </section>
        {footer !== undefined && <p className={classes.footer}>{footer}</p>}
      </div>
    </main>
  );
}

export function AccountPageLoading() {
  return (
    <main className={classes.page} aria-busy="true">
      <Loader type="dots" aria-label="Loading" />
    </main>
  );
}
