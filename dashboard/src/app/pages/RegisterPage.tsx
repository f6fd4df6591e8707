import { Button } from '@mantine/core';
import { Link, Navigate, useLocation } from 'react-router';

import { ErrorState } from '@/components/States';
import { AccountForm, type AccountValues } from '@/features/users/AccountForm';
import { AccountPage, AccountPageLoading } from '@/features/users/AccountPage';
import {
  type Registration,
  useLogIn,
  useRegister,
  useRegistration,
  useSession,
} from '@/features/users/session';
import { wayBackOf } from '@/features/users/wayBack';

/** The first account, a further one, or word that the server takes none. */
export function RegisterPage() {
  const location = useLocation();
  const session = useSession();
  const registration = useRegistration();

  if (session.data) return <Navigate to={wayBackOf(location.state)} replace />;
  if (registration.isError) {
    return (
      <AccountPage title="Register">
        <ErrorState
          title="Registration is not possible now"
          error={registration.error}
          onRetry={() => void registration.refetch()}
        />
      </AccountPage>
    );
  }
  if (session.isPending || registration.isPending) return <AccountPageLoading />;
  return <RegisterForm registration={registration.data} />;
}

function RegisterForm({ registration }: { registration: Registration }) {
  const register = useRegister();
  const logIn = useLogIn();

  const location = useLocation();

  // The account exists; only logging in with it went wrong, and that is the log-in page's matter.
  if (logIn.isError) return <Navigate to="/login" replace state={location.state as unknown} />;
  if (register.data?.status === 'pending') return <WaitingPage username={register.data.username} />;
  if (registration.registration === 'closed' && !registration.first_account) return <ClosedPage />;

  const submit = ({ setup_token, time_zone, ...credentials }: AccountValues): void => {
    const account = {
      ...credentials,
      ...(setup_token !== '' && { setup_token }),
      ...(time_zone !== '' && { time_zone }),
    };
    register.mutate(account, {
      onSuccess: ({ status }) => {
        if (status === 'active') logIn.mutate(credentials);
      },
    });
  };
  const { first_account: isFirst } = registration;
  return (
    <AccountPage
      title={isFirst ? 'Welcome to platewatch' : 'Register'}
      lead={<Lead registration={registration} />}
      footer={!isFirst && <LogInLink />}
    >
      <AccountForm
        submitLabel={isFirst ? 'Create the administrator' : 'Register'}
        isNew
        withSetupToken={registration.setup_token_required}
        withTimeZone={isFirst && registration.time_zone === null}
        isBusy={register.isPending || logIn.isPending}
        error={register.error}
        onSubmit={submit}
      />
    </AccountPage>
  );
}

function Lead({ registration }: { registration: Registration }) {
  if (registration.first_account) {
    return (
      <p>
        Nobody has an account on this server yet. The first one, made here, becomes its
        administrator and decides who else may enter.
      </p>
    );
  }
  if (registration.registration === 'open') return <p>You can log in right after this.</p>;
  return <p>An administrator approves new accounts before they can log in.</p>;
}

function LogInLink() {
  const location = useLocation();
  return (
    <>
      Have an account?{' '}
      <Link to="/login" state={location.state as unknown}>
        Log in
      </Link>
    </>
  );
}

function WaitingPage({ username }: { username: string }) {
  return (
    <AccountPage
      title="Waiting for approval"
      lead={
        <p role="status">
          The account <strong>{username}</strong> is made. Once an administrator approves it, you
          can log in with it.
        </p>
      }
    >
      <Button component={Link} to="/login" variant="default" size="md" fullWidth>
        To the log-in page
      </Button>
    </AccountPage>
  );
}

function ClosedPage() {
  return (
    <AccountPage
      title="Registration is closed"
      lead={<p>This server takes no new accounts. Ask its administrator for one.</p>}
      footer={<LogInLink />}
    >
      {null}
    </AccountPage>
  );
}
