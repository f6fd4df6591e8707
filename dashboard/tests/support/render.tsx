import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, type RenderResult } from '@testing-library/react';
import userEvent, { type UserEvent } from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { createMemoryRouter, RouterProvider } from 'react-router';

import { createQueryClient } from '@/api/queries';
import { routes } from '@/app/routes';
import { SearchReasonDialog } from '@/app/SearchReasonDialog';

type Router = ReturnType<typeof createMemoryRouter>;

/** Draws something with the theme around it, without animation. */
export function renderThemed(children: ReactNode): RenderResult {
  return render(
    <MantineProvider env="test" defaultColorScheme="auto">
      {children}
    </MantineProvider>,
  );
}

/** Draws something at the root of a router. */
export function renderRouted(children: ReactNode, path = '/'): RenderResult {
  const router = createMemoryRouter([{ path: '*', element: children }], { initialEntries: [path] });
  return renderThemed(<RouterProvider router={router} />);
}

interface AppUnderTest {
  router: Router;
  queries: QueryClient;
  user: UserEvent;
}

/** Draws the whole dashboard at a path. Failed questions are not asked again. */
export function renderApp(path = '/'): AppUnderTest {
  const queries = createQueryClient();
  queries.setDefaultOptions({ queries: { retry: false } });
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  renderThemed(
    <QueryClientProvider client={queries}>
      <Notifications />
      <RouterProvider router={router} />
      <SearchReasonDialog />
    </QueryClientProvider>,
  );
  return { router, queries, user: userEvent.setup() };
}

export function pathOf({ state: { location } }: Router): string {
  return `${location.pathname}${location.search}`;
}
