import { screen } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';

import { forgetSearchReason } from '@/api/searchReason';

import { renderApp } from '../support/render';
import { serverWithAnna } from '../support/server';

beforeEach(() => {
  forgetSearchReason();
});

test('a search asks why, where the server wants to know, and goes on with the answer', async () => {
  const server = serverWithAnna().on('GET /api/v1/sightings', (request) => {
    const isSearch = new URL(request.url).searchParams.has('plate');
    if (!isSearch || request.headers.get('X-Search-Reason') !== null) {
      return { body: { items: [], next_cursor: null } };
    }
    const errors = [{ field: 'reason', message: 'Say why you search.' }];
    return { status: 422, body: { detail: 'Say why you search.', errors } };
  });
  const { user } = renderApp('/?plate=AB12CDE');
  const field = await screen.findByRole('textbox', { name: 'Reason' });
  expect(screen.getByRole('button', { name: 'Search' })).toBeDisabled();
  await user.type(field, 'lost ticket');
  await user.click(screen.getByRole('button', { name: 'Search' }));
  await expect
    .poll(() => server.requests.at(-1)?.headers.get('X-Search-Reason'))
    .toBe('lost ticket');
});
