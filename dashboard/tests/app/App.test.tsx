import { render, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';

import { App } from '@/app/App';

import { pathOf, renderApp } from '../support/render';
import { ANNA, envelope, refusal, serverWithAnna, serverWithoutSession } from '../support/server';

beforeEach(() => {
  window.history.replaceState(null, '', '/app/');
});

test('the app starts under its base path', async () => {
  window.history.replaceState(null, '', import.meta.env.BASE_URL);
  serverWithAnna();
  render(<App />);
  expect(await screen.findByRole('heading', { name: 'Sightings' })).toBeInTheDocument();
});

test('logging out leads to the log-in page', async () => {
  const server = serverWithAnna().on('POST /auth/logout', envelope(null));
  const { user, router } = renderApp('/');
  await user.click(await screen.findByRole('button', { name: 'Account of anna' }));
  expect(await screen.findByText('anna · admin')).toBeInTheDocument();
  server.on('GET /auth/me', refusal(401, 'Log in first.'));
  await user.click(screen.getByRole('menuitem', { name: 'Log out' }));
  expect(await screen.findByRole('heading', { name: 'Log in' })).toBeInTheDocument();
  expect(pathOf(router)).toBe('/login');
});

test('the account of a server without log-in has a picture, others their first letter', async () => {
  const server = serverWithAnna();
  const { queries } = renderApp('/');
  expect(await screen.findByRole('button', { name: 'Account of anna' })).toHaveTextContent('Aanna');
  server.on('GET /auth/me', envelope({ ...ANNA, username: '(local)' }));
  await queries.invalidateQueries({ queryKey: ['session'] });
  const account = await screen.findByRole('button', { name: 'Account of (local)' });
  expect(account).toHaveTextContent(/^\(local\)$/);
  expect(account.querySelector('.tabler-icon-user')).toBeInTheDocument();
});

test('where no log-in is needed, none is offered to be left', async () => {
  const local = { ...ANNA, username: '(local)', has_session: false };
  serverWithAnna().on('GET /auth/me', envelope(local));
  const { user } = renderApp('/');
  await user.click(await screen.findByRole('button', { name: 'Account of (local)' }));
  expect(await screen.findByText('(local) · admin')).toBeInTheDocument();
  expect(screen.queryByRole('menuitem')).toBeNull();
});

test('a log-out that fails says so and changes nothing', async () => {
  serverWithAnna().on('POST /auth/logout', refusal(500, 'The database is away.'));
  const { user } = renderApp('/');
  await user.click(await screen.findByRole('button', { name: 'Account of anna' }));
  await user.click(await screen.findByRole('menuitem', { name: 'Log out' }));
  expect(await screen.findByText('The database is away.')).toBeInTheDocument();
  expect(screen.getByRole('heading', { name: 'Sightings' })).toBeInTheDocument();
});

test('a session that ends under way leads to log-in and back', async () => {
  const server = serverWithAnna();
  const { user, router, queries } = renderApp('/?plate=AB12CDE');
  await screen.findByRole('heading', { name: 'Sightings' });
  server
    .on('GET /auth/me', refusal(401, 'Log in first.'))
    .on('GET /api/v1/sightings', refusal(401, 'Log in first.'))
    .on('POST /auth/login', envelope(ANNA));
  await queries.invalidateQueries({ queryKey: ['sightings'] });
  await user.type(await screen.findByLabelText('User name'), 'anna');
  expect(pathOf(router)).toBe('/login');
  server.on('GET /api/v1/sightings', { body: { items: [], next_cursor: null } });
  await user.type(screen.getByLabelText('Password'), 'right{Enter}');
  await waitFor(() => {
    expect(pathOf(router)).toBe('/?plate=AB12CDE');
  });
});

test('a server that does not answer is not taken for an ended session', async () => {
  const server = serverWithAnna();
  server.isReachable = false;
  const { user } = renderApp('/');
  expect(await screen.findByText('platewatch does not answer')).toBeInTheDocument();
  server.isReachable = true;
  await user.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByRole('heading', { name: 'Sightings' })).toBeInTheDocument();
});

test('a page that does not exist says so inside the shell', async () => {
  serverWithAnna();
  const { user } = renderApp('/nowhere');
  expect(await screen.findByText('There is no such page')).toBeInTheDocument();
  await user.click(screen.getByRole('link', { name: 'To the first page' }));
  expect(await screen.findByRole('heading', { name: 'Sightings' })).toBeInTheDocument();
});

test('nothing of the inside is drawn or asked for without a session', async () => {
  const server = serverWithoutSession();
  renderApp('/sightings/4');
  await screen.findByRole('heading', { name: 'Log in' });
  expect(server.to('GET /api/v1/sightings')).toHaveLength(0);
  expect(server.to('GET /api/v1/sightings/4')).toHaveLength(0);
});

test.each([
  ['Light', 'light'],
  ['Dark', 'dark'],
])('the color scheme %s is kept in this browser', async (label, scheme) => {
  serverWithAnna();
  const { user } = renderApp('/');
  await user.click(await screen.findByRole('button', { name: 'Color scheme' }));
  await user.click(await screen.findByRole('menuitemradio', { name: label }));
  expect(document.documentElement).toHaveAttribute('data-mantine-color-scheme', scheme);
  expect(window.localStorage.getItem('mantine-color-scheme-value')).toBe(scheme);
});

test('a page that throws is replaced by what was thrown', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  serverWithAnna().on('GET /api/v1/sightings', { body: { items: null, next_cursor: null } });
  renderApp('/');
  expect(await screen.findByText('This page stopped working')).toBeInTheDocument();
});
