import { Link, Navigate, useLocation } from 'react-router';

import { ErrorState } from '@/components/States';
import { AccountForm } from '@/features/users/AccountForm';
import { AccountPage, AccountPageLoading } from '@/features/users/AccountPage';
import { useLogIn, useRegistration, useSession } from '@/features/users/session';
import { wayBackOf } from '@/features/users/wayBack';

/** Log in and return to where one was; on a server without accounts, on to the first one. */
export function LogInPage() {
  const location = useLocation();
  const session = useSession();
  const registration = useRegistration();
  const logIn = useLogIn();

  if (session.data) return <Navigate to={wayBackOf(location.state)} replace />;
  if (registration.isError) {
    return (
      <AccountPage title="Log in">
        <ErrorState
          title="Log-in is not possible now"
          error={registration.error}
          onRetry={() => void registration.refetch()}
        />
      </AccountPage>
    );
  }
  if (session.isPending || registration.isPending) return <AccountPageLoading />;
  if (registration.data.first_account) {
    return <Navigate to="/register" replace state={location.state as unknown} />;
  }
  return (
    <AccountPage
      title="Log in"
      footer={
        registration.data.registration !== 'closed' && (
          <>
            No account yet?{' '}
            <Link to="/register" state={location.state as unknown}>
              Register
            </Link>
          </>
        )
      }
    >
      <AccountForm
        submitLabel="Log in"
        isNew={false}
        isBusy={logIn.isPending}
        error={logIn.error}
        onSubmit={({ username, password }) => {
          logIn.mutate({ username, password });
        }}
      />
    </AccountPage>
  );
}
