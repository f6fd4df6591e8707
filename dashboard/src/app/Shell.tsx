import type { ReactNode } from 'react';
import { NavLink } from 'react-router';

import { useHasRight } from '@/api/rights';
import { Logo } from '@/components/Logo';
import type { User } from '@/features/users/session';
import { UserMenu } from '@/features/users/UserMenu';

import { ColorSchemeMenu } from './ColorSchemeMenu';
import { NAVIGATION, type NavigationPage } from './navigation';
import classes from './Shell.module.css';

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
            {NAVIGATION.map((page) => (
              <PageLink key={page.path} page={page} />
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

/** The way to one page, where the logged-in user has the right that it needs. */
function PageLink({ page: { path, label, right, Badge } }: { page: NavigationPage }) {
  const mayOpen = useHasRight(right);
  if (!mayOpen) return null;
  return (
    <NavLink to={path} className={classes.page ?? ''}>
      {label}
      {Badge && <Badge />}
    </NavLink>
  );
}
