import type { ReactNode } from 'react';
import { NavLink } from 'react-router';

import { Logo } from '@/components/Logo';
import type { User } from '@/features/users/session';
import { UserMenu } from '@/features/users/UserMenu';

import { ColorSchemeMenu } from './ColorSchemeMenu';
import classes from './Shell.module.css';

const PAGES = [{ to: '/', label: 'Live' }] as const;

/** The bar at the top with the pages, the color scheme and the account; the page below it. */
export function Shell({ user, children }: { user: User; children: ReactNode }) {
  return (
    <>
      <a className={classes.skip} href="#page">
        Skip to the page
      </a>
      <header className={classes.bar}>
        <div className={classes.inner}>
          <NavLink to="/" className={classes.home ?? ''} aria-label="platewatch, first page">
            <Logo />
          </NavLink>
          <nav aria-label="Pages" className={classes.pages}>
            {PAGES.map(({ to, label }) => (
              <NavLink key={to} to={to} className={classes.page ?? ''}>
                {label}
              </NavLink>
            ))}
          </nav>
          <div className={classes.tools}>
            <ColorSchemeMenu />
            <UserMenu user={user} />
          </div>
        </div>
      </header>
      <main id="page" className={classes.main} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
