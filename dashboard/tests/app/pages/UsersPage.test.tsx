import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';

import { renderApp } from '../../support/render';
import { annaAs, envelope, type FakeServer, refusal, serverWithAnna } from '../../support/server';

const GUARD = {
  user_id: 2,
  username: 'guard',
  role: 'viewer',
  status: 'pending',
  created_at: '2026-03-01T12:00:00Z',
  second_factor: false,
};
const ANNAS_ACCOUNT = { ...GUARD, user_id: 1, username: 'anna', role: 'admin', status: 'active' };

function serverWithAccounts(...accounts: object[]): FakeServer {
  return serverWithAnna().on('GET /api/v1/users', { body: { items: accounts } });
}

function rowOf(username: string): HTMLElement {
  const row = screen.getByText(username, { selector: 'span' }).closest('li');
  if (row === null) throw new Error(`${username} has a row`);
  return row;
}

test('the navigation counts who waits for approval', async () => {
  serverWithAccounts(ANNAS_ACCOUNT, GUARD);
  renderApp('/');
  expect(
    await screen.findByRole('link', { name: /^Users.*, 1 waiting for approval$/ }),
  ).toBeInTheDocument();
});

test('a waiting account is approved with the role that was chosen', async () => {
  const server = serverWithAccounts(ANNAS_ACCOUNT, GUARD).on('PATCH /api/v1/users/2', {
    body: { ...GUARD, status: 'active', role: 'operator' },
  });
  const { user } = renderApp('/users');
  await user.click(await screen.findByRole('combobox', { name: 'Role of guard' }));
  await user.click(screen.getByRole('option', { name: /^Operator/ }));
  await user.click(screen.getByRole('button', { name: 'Approve' }));
  expect(await screen.findByRole('link', { name: 'Users' })).toBeInTheDocument();
  expect(await server.to('PATCH /api/v1/users/2').at(-1)?.json()).toEqual({
    status: 'active',
    role: 'operator',
  });
  expect(within(rowOf('guard')).getByRole('button', { name: 'Disable' })).toBeInTheDocument();
});

test('a refused account goes', async () => {
  const server = serverWithAccounts(ANNAS_ACCOUNT, GUARD).on('DELETE /api/v1/users/2', () => {
    server.on('GET /api/v1/users', { body: { items: [ANNAS_ACCOUNT] } });
    return { body: null };
  });
  const { user } = renderApp('/users');
  await user.click(await screen.findByRole('button', { name: 'Refuse' }));
  expect(await screen.findByText(/^Nobody waits/)).toBeInTheDocument();
});

test('what the server refuses is shown in its words', async () => {
  serverWithAccounts(ANNAS_ACCOUNT, GUARD).on(
    'PATCH /api/v1/users/2',
    refusal(409, 'The account is gone.'),
  );
  const { user } = renderApp('/users');
  await user.click(await screen.findByRole('button', { name: 'Approve' }));
  expect(await screen.findByText('The account is gone.')).toBeInTheDocument();
});

test('nobody disables themselves or takes their own role away', async () => {
  serverWithAccounts(ANNAS_ACCOUNT);
  renderApp('/users');
  expect(await screen.findByText('Administrator: may do everything')).toBeInTheDocument();
  expect(screen.queryByRole('combobox', { name: 'Role of anna' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Disable' })).toBeNull();
});

test('other roles see no such page and ask the server nothing', async () => {
  const server = serverWithAnna().on('GET /auth/me', envelope(annaAs('operator')));
  renderApp('/users');
  expect(await screen.findByText('Only administrators manage users')).toBeInTheDocument();
  expect(screen.queryByRole('link', { name: /^Users/ })).toBeNull();
  expect(server.to('GET /api/v1/users')).toEqual([]);
});
