import type { RouteObject } from 'react-router';

import { lazyPage } from './lazyPage';
import { NAVIGATION } from './navigation';
import { CrashPage, NotFoundPage, PageNotLoaded } from './pages/MissingPages';
import { RequireUser } from './RequireUser';

/** Every page, under the basename `/app`. All but the account pages stand behind the guard. */
export const routes: RouteObject[] = [
  {
    errorElement: <CrashPage />,
    children: [
      {
        path: '/login',
        element: lazyPage(async () => (await import('./pages/LogInPage')).LogInPage),
      },
      {
        path: '/register',
        element: lazyPage(async () => (await import('./pages/RegisterPage')).RegisterPage),
      },
      {
        element: <RequireUser />,
        children: [
          {
            errorElement: <PageNotLoaded />,
            children: [
              ...NAVIGATION.map(({ path, element, children }) => ({
                path,
                element,
                ...(children && { children }),
              })),
              { path: '*', element: <NotFoundPage /> },
            ],
          },
        ],
      },
    ],
  },
];
