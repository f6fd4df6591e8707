import type { ReactNode } from 'react';
import { NavLink } from 'react-router';

import { useHasRight } from '@/api/rights';
import { Logo } from '@/components/Logo';
import { useAccounts, waiting } from '@/features/users/accounts';
import type { User } from '@/features/users/session';
import { UserMenu } from '@/features/users/UserMenu';

import { ColorSchemeMenu } from './ColorSchemeMenu';
import classes from './Shell.module.css';

/** The bar at the top with the pages, the color scheme and the account; the page below it. */
export function Shell({ user, children }: { user: User; children: ReactNode }) {
  const isManager = useHasRight('manage');
  const pending = waiting(useAccounts(isManager).data).length;
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
            <NavLink to="/" className={classes.page ?? ''}>
              Live
            </NavLink>
            <NavLink to="/lists" className={classes.page ?? ''}>
              Lists
            </NavLink>
            <NavLink to="/locations" className={classes.page ?? ''}>
              Locations
            </NavLink>
            {isManager && (
              <NavLink to="/users" className={classes.page ?? ''}>
                Users
                {pending > 0 && (
                  <>
                    <span className={classes.badge} aria-hidden="true">
                      {pending}
                    </span>
                    <span className="visually-hidden">, {pending} waiting for approval</span>
                  </>
                )}
              </NavLink>
            )}
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
