import type { RouteObject } from 'react-router';

import { LocationsPage } from '@/features/locations/LocationsPage';
import { SightingDrawer } from '@/features/sightings/SightingDrawer';
import { UsersPage } from '@/features/users/UsersPage';
import { ListsPage } from '@/features/watchlists/ListsPage';

import { LivePage } from './pages/LivePage';
import { LogInPage } from './pages/LogInPage';
import { CrashPage, NotFoundPage } from './pages/MissingPages';
import { RegisterPage } from './pages/RegisterPage';
import { RequireUser } from './RequireUser';

/** Every page, under the basename `/app`. All but the account pages stand behind the guard. */
export const routes: RouteObject[] = [
  {
    errorElement: <CrashPage />,
    children: [
      { path: '/login', element: <LogInPage /> },
      { path: '/register', element: <RegisterPage /> },
      {
        element: <RequireUser />,
        children: [
          {
            path: '/',
            element: <LivePage />,
            children: [{ path: 'sightings/:sightingId', element: <SightingDrawer /> }],
          },
          { path: '/lists', element: <ListsPage /> },
          { path: '/locations', element: <LocationsPage /> },
          { path: '/users', element: <UsersPage /> },
          { path: '*', element: <NotFoundPage /> },
        ],
      },
    ],
  },
];
