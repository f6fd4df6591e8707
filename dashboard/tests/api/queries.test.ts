import { expect, test } from 'vitest';

import { ApiError } from '@/api/errors';
import { createQueryClient, isWorthRetrying, SESSION_KEY } from '@/api/queries';

function failing(status: number): () => Promise<never> {
  return () => Promise.reject(new ApiError('no', { status }));
}

test.each([
  [401, null],
  [403, { username: 'anna' }],
  [422, { username: 'anna' }],
])('a query that fails with %i leaves the session as %o', async (status, session) => {
  const queries = createQueryClient();
  queries.setQueryData(SESSION_KEY, { username: 'anna' });
  await queries
    .query({ queryKey: ['x'], queryFn: failing(status), retry: false })
    .catch(() => null);
  expect(queries.getQueryData(SESSION_KEY)).toEqual(session);
});

test.each([
  ['an unreachable server', 0, new ApiError('x', { status: 0 }), true],
  ['a busy server', 1, new ApiError('x', { status: 429 }), true],
  ['a broken server', 0, new ApiError('x', { status: 500 }), true],
  ['a broken server for the third time', 2, new ApiError('x', { status: 500 }), false],
  ['a bad request', 0, new ApiError('x', { status: 422 }), false],
  ['an ended session', 0, new ApiError('x', { status: 401 }), false],
  ['a fault of the page', 0, new TypeError('undefined'), false],
])('asking again after %s', (_name, failures, error, isWorth) => {
  expect(isWorthRetrying(failures, error)).toBe(isWorth);
});
