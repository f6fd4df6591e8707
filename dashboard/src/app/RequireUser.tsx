import { Center, Loader } from '@mantine/core';
import { Navigate, Outlet, useLocation } from 'react-router';

import { ErrorState } from '@/components/States';
import { useSession } from '@/features/users/session';
import { wayBackFrom } from '@/features/users/wayBack';

import { Shell } from './Shell';

/** The pages inside, for a logged-in user; everyone else goes to log in and comes back. */
export function RequireUser() {
  const session = useSession();
  const location = useLocation();

  if (session.isPending) {
    return (
      <Center mih="100dvh">
        <Loader type="dots" aria-label="Loading" />
      </Center>
    );
  }
  if (session.data === undefined) {
    return (
      <Center mih="100dvh" component="main">
        <ErrorState
          title="platewatch does not answer"
          error={session.error}
          onRetry={() => void session.refetch()}
        />
      </Center>
    );
  }
  if (session.data === null) return <Navigate to="/login" replace state={wayBackFrom(location)} />;
  return (
    <Shell user={session.data}>
      <Outlet />
    </Shell>
  );
}
