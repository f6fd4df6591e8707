import { expect, test } from 'vitest';

import { client, unwrap } from '@/api/client';
import { ApiError, UNREACHABLE_MESSAGE } from '@/api/errors';

import { makeSighting } from '../support/sightings';
import { FakeServer } from '../support/server';

const ONE = { params: { path: { sighting_id: 1 } } };

test('a successful answer gives its body', async () => {
  new FakeServer().on('GET /api/v1/sightings/1', { body: makeSighting() }).install();
  const sighting = await unwrap(client.GET('/api/v1/sightings/{sighting_id}', ONE));
  expect(sighting.plate).toBe('AB12CDE');
});

test('any other answer throws what the server said', async () => {
  new FakeServer()
    .on('GET /api/v1/sightings/1', {
      status: 503,
      body: { detail: 'All readers are busy.' },
      headers: { 'Retry-After': '4' },
    })
    .install();
  const call = unwrap(client.GET('/api/v1/sightings/{sighting_id}', ONE));
  await expect(call).rejects.toMatchObject({
    status: 503,
    message: 'All readers are busy.',
    retryAfterS: 4,
  });
});

test('no answer throws an error that says so', async () => {
  new FakeServer().install().isReachable = false;
  const call = unwrap(client.GET('/auth/me'));
  await expect(call).rejects.toBeInstanceOf(ApiError);
  await expect(unwrap(client.GET('/auth/me'))).rejects.toThrow(UNREACHABLE_MESSAGE);
});

test('a call that was taken back stays an AbortError', async () => {
  const aborted = Promise.reject(new DOMException('gone', 'AbortError'));
  await expect(unwrap(aborted)).rejects.toMatchObject({ name: 'AbortError' });
});
