import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { client, unwrap } from '@/api/client';
import { askReasonsWith, forgetSearchReason, searchReason } from '@/api/searchReason';

import { FakeServer } from '../support/server';

const PAGE = { body: { items: [], next_cursor: null } };
const NO_REASON = {
  status: 422,
  body: { detail: 'Say why you search.', errors: [{ field: 'reason', message: 'Say why' }] },
};

function reasonOf(request: Request): string | null {
  return request.headers.get('X-Search-Reason') ?? new URL(request.url).searchParams.get('reason');
}

function strictServer(): FakeServer {
  return new FakeServer()
    .on('GET /api/v1/sightings', (request) => (reasonOf(request) === null ? NO_REASON : PAGE))
    .install();
}

function search(plate: string) {
  return unwrap(client.GET('/api/v1/sightings', { params: { query: { plate } } }));
}

let takeBack = (): void => undefined;

beforeEach(() => {
  forgetSearchReason();
});

afterEach(() => {
  takeBack();
});

test('a search that needs a reason is sent again with the one that was typed', async () => {
  const ask = vi.fn(() => Promise.resolve('lost ticket'));
  takeBack = askReasonsWith(ask);
  const server = strictServer();
  await expect(search('AB12')).resolves.toEqual(PAGE.body);
  await expect(search('AB13')).resolves.toEqual(PAGE.body);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(server.requests.map(reasonOf)).toEqual([null, 'lost ticket', 'lost ticket']);
});

test('searches at the same time lead to one question', async () => {
  const ask = vi.fn(() => Promise.resolve('lost ticket'));
  takeBack = askReasonsWith(ask);
  strictServer();
  await Promise.all([search('AB12'), search('AB13')]);
  expect(ask).toHaveBeenCalledTimes(1);
});

test('without a reason the refusal of the server is shown', async () => {
  takeBack = askReasonsWith(() => Promise.resolve(null));
  strictServer();
  await expect(search('AB12')).rejects.toThrow('Say why you search.');
  expect(searchReason()).toBeNull();
});

test('a reason in other letters than a header may have stands in the address', async () => {
  takeBack = askReasonsWith(() => Promise.resolve('потерян билет'));
  const server = strictServer();
  await search('AB12');
  expect(server.requests.map(reasonOf)).toEqual([null, 'потерян билет']);
});

test('other refusals and other questions are left alone', async () => {
  const ask = vi.fn(() => Promise.resolve('lost ticket'));
  takeBack = askReasonsWith(ask);
  const server = new FakeServer()
    .on('GET /api/v1/sightings', { status: 422, body: { detail: 'no', errors: [] } })
    .install();
  await expect(search('AB12')).rejects.toThrow('no');
  expect(ask).not.toHaveBeenCalled();
  expect(server.requests).toHaveLength(1);
});
