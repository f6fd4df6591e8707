import { screen, waitFor } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { pathOf, renderApp } from '../../support/render';
import {
  ANNA,
  envelope,
  type FakeServer,
  refusal,
  REGISTRATION,
  serverWithoutSession,
} from '../../support/server';

function serverWithoutAccounts(tokenRequired: boolean): FakeServer {
  const registration = { first_account: true, setup_token_required: tokenRequired };
  return serverWithoutSession()
    .on('GET /auth/register', envelope({ ...REGISTRATION, ...registration }))
    .on('POST /auth/register', envelope({ ...ANNA, status: 'active' }));
}

async function fillIn(user: UserEvent, password: string): Promise<void> {
  await user.type(await screen.findByLabelText('User name'), ' anna ');
  await user.type(screen.getByLabelText('Password'), password);
}

async function bodyOf(request: Request | undefined): Promise<unknown> {
  return request?.json();
}

test('on a server without accounts the first one is made and logged in', async () => {
  const server = serverWithoutAccounts(false);
  const { user, router } = renderApp('/');
  expect(await screen.findByText(/becomes its administrator/)).toBeInTheDocument();
  expect(screen.queryByLabelText('Setup token')).toBeNull();
  await fillIn(user, 'right');
  await user.click(screen.getByRole('button', { name: 'Create the administrator' }));
  expect(await screen.findByRole('heading', { name: 'Sightings' })).toBeInTheDocument();
  expect(pathOf(router)).toBe('/');
  expect(await bodyOf(server.to('POST /auth/register')[0])).toEqual({
    username: 'anna',
    password: 'right',
  });
});

test('the setup token is asked for where it is required, and sent', async () => {
  const server = serverWithoutAccounts(true);
  const { user } = renderApp('/');
  await fillIn(user, 'right');
  expect(screen.getByText(/Printed in the terminal/)).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Create the administrator' }));
  expect(await screen.findByText('Enter the setup token.')).toBeInTheDocument();
  expect(server.to('POST /auth/register')).toHaveLength(0);
  await user.type(screen.getByLabelText('Setup token'), 'abc-123');
  await user.click(screen.getByRole('button', { name: 'Create the administrator' }));
  await screen.findByRole('heading', { name: 'Sightings' });
  expect(await bodyOf(server.to('POST /auth/register')[0])).toMatchObject({
    setup_token: 'abc-123',
  });
});

test('the first account is asked for the time zone, and the browser answers', async () => {
  const server = serverWithoutAccounts(false).on(
    'GET /auth/register',
    envelope({ ...REGISTRATION, first_account: true, time_zone: null }),
  );
  const { user } = renderApp('/');
  await fillIn(user, 'correct horse battery');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(screen.getByLabelText('Time zone')).toHaveValue(zone);
  await user.click(screen.getByText('Create the administrator'));
  // Roles are looked up slowly among so many options.
  await waitFor(() => {
    expect(server.to('POST /auth/register')).toHaveLength(1);
  });
  expect(await bodyOf(server.to('POST /auth/register')[0])).toMatchObject({ time_zone: zone });
});

test('a server whose time zone is known does not ask for it', async () => {
  serverWithoutAccounts(false);
  renderApp('/');
  await screen.findByLabelText('User name');
  expect(screen.queryByLabelText('Time zone')).toBeNull();
});

test('a refused first account shows the server’s words', async () => {
  serverWithoutAccounts(false).on('POST /auth/register', refusal(422, 'Take a longer password.'));
  const { user } = renderApp('/');
  await fillIn(user, 'x');
  await user.click(screen.getByRole('button', { name: 'Create the administrator' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('Take a longer password.');
});

test('an account that exists but could not be logged in goes to the log-in page', async () => {
  const server = serverWithoutAccounts(false)
    .on('POST /auth/login', refusal(503, 'The server is busy.'))
    .on('POST /auth/register', () => {
      server.on('GET /auth/register', envelope(REGISTRATION));
      return envelope({ ...ANNA, status: 'active' });
    });
  const { user, router } = renderApp('/');
  await fillIn(user, 'right');
  await user.click(screen.getByRole('button', { name: 'Create the administrator' }));
  expect(await screen.findByRole('heading', { name: 'Log in' })).toBeInTheDocument();
  expect(pathOf(router)).toBe('/login');
});

test('log-in returns to where one was', async () => {
  serverWithoutSession();
  const { user, router } = renderApp('/?plate=AB12CDE');
  await fillIn(user, 'right');
  await user.click(screen.getByRole('button', { name: 'Log in' }));
  await screen.findByRole('heading', { name: 'Sightings' });
  expect(pathOf(router)).toBe('/?plate=AB12CDE');
});

test('a wrong password says so and can be put right', async () => {
  serverWithoutSession();
  const { user } = renderApp('/login');
  await fillIn(user, 'wrong{Enter}');
  expect(await screen.findByRole('alert')).toHaveTextContent(
    'The user name or the password is wrong.',
  );
  await user.clear(screen.getByLabelText('Password'));
  await user.type(screen.getByLabelText('Password'), 'right{Enter}');
  expect(await screen.findByRole('heading', { name: 'Sightings' })).toBeInTheDocument();
});

test('empty fields are named and nothing is sent', async () => {
  const server = serverWithoutSession();
  const { user } = renderApp('/login');
  await user.click(await screen.findByRole('button', { name: 'Log in' }));
  expect(await screen.findByText('Enter the user name.')).toBeInTheDocument();
  expect(screen.getByText('Enter the password.')).toBeInTheDocument();
  expect(server.to('POST /auth/login')).toHaveLength(0);
});

test('a new account waits for approval', async () => {
  serverWithoutSession().on('POST /auth/register', envelope({ ...ANNA, status: 'pending' }));
  const { user } = renderApp('/login');
  await user.click(await screen.findByRole('link', { name: 'Register' }));
  expect(await screen.findByText(/An administrator approves new accounts/)).toBeInTheDocument();
  await fillIn(user, 'right');
  await user.click(screen.getByRole('button', { name: 'Register' }));
  expect(await screen.findByRole('heading', { name: 'Waiting for approval' })).toBeInTheDocument();
  await user.click(screen.getByRole('link', { name: 'To the log-in page' }));
  expect(await screen.findByRole('heading', { name: 'Log in' })).toBeInTheDocument();
});

test('a closed server offers no registration', async () => {
  serverWithoutSession().on(
    'GET /auth/register',
    envelope({ ...REGISTRATION, registration: 'closed' }),
  );
  const { router } = renderApp('/login');
  await screen.findByRole('heading', { name: 'Log in' });
  expect(screen.queryByRole('link', { name: 'Register' })).toBeNull();
  await router.navigate('/register');
  expect(
    await screen.findByRole('heading', { name: 'Registration is closed' }),
  ).toBeInTheDocument();
});

test.each(['/login', '/register'])('%s says when the server cannot be reached', async (path) => {
  const server = serverWithoutSession();
  server.isReachable = false;
  const { user } = renderApp(path);
  expect(await screen.findByRole('alert')).toHaveTextContent('The server cannot be reached');
  server.isReachable = true;
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByLabelText('User name')).toBeInTheDocument();
});

test('who is logged in already does not see the log-in page', async () => {
  serverWithoutSession().on('GET /auth/me', envelope(ANNA));
  const { router } = renderApp('/login');
  await waitFor(() => {
    expect(pathOf(router)).toBe('/');
  });
});
