import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { createMemoryRouter, type RouteObject, RouterProvider } from 'react-router';
import { expect, test, vi } from 'vitest';

import { lazyPage } from '@/app/lazyPage';
import { CrashPage, PageNotLoaded } from '@/app/pages/MissingPages';

import { renderThemed } from '../support/render';
import { FakeServer } from '../support/server';

function drawPage(page: RouteObject['element'], withBar = true): void {
  const pages = [{ path: '/', element: page }];
  const inside = withBar ? [{ errorElement: <PageNotLoaded />, children: pages }] : pages;
  const routes = [{ errorElement: <CrashPage />, children: inside }];
  renderThemed(<RouterProvider router={createMemoryRouter(routes)} />);
}

function missingPage() {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  return lazyPage(() =>
    Promise.reject(new TypeError('Failed to fetch dynamically imported module')),
  );
}

test('a page is loaded when it is drawn, with a placeholder until it is there', async () => {
  let arrive: (page: () => string) => void = () => undefined;
  const load = vi.fn(
    () =>
      new Promise<() => string>((resolve) => {
        arrive = resolve;
      }),
  );
  const page = lazyPage(load);
  expect(load).not.toHaveBeenCalled();
  drawPage(page);
  expect(await screen.findByLabelText('Loading the page')).toBeInTheDocument();
  arrive(() => 'Here it is');
  expect(await screen.findByText('Here it is')).toBeInTheDocument();
  expect(screen.queryByLabelText('Loading the page')).toBeNull();
});

test.each([true, false])(
  'a page that can not be loaded is tried again once the server answers (bar: %s)',
  async (withBar) => {
    const reload = vi.fn();
    vi.stubGlobal('location', { href: window.location.href, reload });
    const server = new FakeServer().on('GET /health', { body: { status: 'ok' } }).install();
    server.isReachable = false;
    drawPage(missingPage(), withBar);
    expect(await screen.findByText('This page could not be loaded')).toBeInTheDocument();
    expect(screen.getByText(/did not send this page/)).toBeInTheDocument();
    const retry = screen.getByRole('button', { name: 'Try again' });
    await userEvent.click(retry);
    expect(await screen.findByText(/The server cannot be reached/)).toBeInTheDocument();
    expect(reload).not.toHaveBeenCalled();
    server.isReachable = true;
    await userEvent.click(retry);
    await waitFor(() => {
      expect(reload).toHaveBeenCalledOnce();
    });
  },
);

test('what a page throws while it is drawn is not taken for a page that is missing', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  drawPage(
    lazyPage(() =>
      Promise.resolve(() => {
        throw new Error('no such field');
      }),
    ),
  );
  expect(await screen.findByText('This page stopped working')).toBeInTheDocument();
  expect(screen.getByText('no such field')).toBeInTheDocument();
});
