import createClient from 'openapi-fetch';

import { errorFromAnswer, unreachable } from './errors';
import type { paths } from './schema';
import { fetchWithReason } from './searchReason';

/** The typed client of every path in openapi.json; the session cookie travels by itself. */
export const client = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  fetch: fetchWithReason,
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * The body of a successful answer.
 *
 * @throws ApiError for every other answer, and with status 0 when there was none.
 */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await call.catch((thrown: unknown) => {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
    throw unreachable();
  });
  if (!response.ok || data === undefined || data === null) {
    throw errorFromAnswer(response.status, error, response.headers.get('Retry-After'));
  }
  return data;
}
