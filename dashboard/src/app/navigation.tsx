import type { ComponentType } from 'react';
import type { RouteObject } from 'react-router';

import type { Right } from '@/api/rights';
import { WaitingBadge } from '@/features/users/WaitingBadge';

import { lazyPage } from './lazyPage';

/** One page of the bar at the top: its address, its name there, and what it shows. */
export interface NavigationPage {
  path: string;
  label: string;
  /** Users without it are not offered the page. */
  right: Right;
  /** What stands beside the label. */
  Badge?: ComponentType;
  element: RouteObject['element'];
  children?: RouteObject[];
}

/** The pages for a logged-in user, in the order of the bar. The routes and the bar are made from this table. */
export const NAVIGATION: readonly NavigationPage[] = [
  {
    path: '/',
    label: 'Live',
    right: 'read',
    element: lazyPage(async () => (await import('./pages/LivePage')).LivePage),
    children: [
      {
        path: 'sightings/:sightingId',
        // Of the same file as the page below it: a sighting opens at once, also while the server is away.
        element: lazyPage(async () => (await import('./pages/LivePage')).OpenSighting, null),
      },
    ],
  },
  {
    path: '/lists',
    label: 'Lists',
    right: 'read',
    element: lazyPage(async () => (await import('./pages/ListsPage')).ListsPage),
  },
  {
    path: '/locations',
    label: 'Locations',
    right: 'read',
    element: lazyPage(async () => (await import('./pages/LocationsPage')).LocationsPage),
  },
  {
    path: '/users',
    label: 'Users',
    right: 'manage',
    Badge: WaitingBadge,
    element: lazyPage(async () => (await import('./pages/UsersPage')).UsersPage),
  },
];
