import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { createBrowserRouter, RouterProvider } from 'react-router';

import { createQueryClient } from '@/api/queries';

import { routes } from './routes';
import { cssVariables, theme } from './theme';

const BASENAME = import.meta.env.BASE_URL.replace(/\/$/, '');

export function App() {
  const [queries] = useState(createQueryClient);
  const [router] = useState(() => createBrowserRouter(routes, { basename: BASENAME }));
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-center" />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
