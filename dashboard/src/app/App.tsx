import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { createBrowserRouter, RouterProvider } from 'react-router';

import { createQueryClient } from '@/api/queries';

import { routes } from './routes';
import { SearchReasonDialog } from './SearchReasonDialog';
import { cssVariables, theme } from './theme';

export function App() {
  const [queries] = useState(createQueryClient);
  const [router] = useState(() =>
    createBrowserRouter(routes, { basename: import.meta.env.BASE_URL }),
  );
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-center" />
        <RouterProvider router={router} />
        <SearchReasonDialog />
      </QueryClientProvider>
    </MantineProvider>
  );
}
