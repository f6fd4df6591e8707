import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { ApiError } from './errors';
import { forgetSearchReason } from './searchReason';

/** Where the logged-in user lies in the query cache; null there means nobody is logged in. */
export const SESSION_KEY = ['session'] as const;

const QUERY_RETRIES = 2;

/** Forgets the user, so that the guard shows the log-in page and remembers the way back. */
export function endSession(queries: QueryClient): void {
  forgetSearchReason();
  queries.setQueryData(SESSION_KEY, null);
}

/** A query client in which any 401, from whatever call, ends the session. */
export function createQueryClient(): QueryClient {
  const onError = (error: Error): void => {
    if (error instanceof ApiError && error.isSessionEnd) endSession(queries);
  };
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 15_000 } },
  });
  return queries;
}

/** Whether the same question may get a better answer: no network, or a server in trouble. */
export function isWorthRetrying(failures: number, error: Error): boolean {
  if (failures >= QUERY_RETRIES || !(error instanceof ApiError)) return false;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}
