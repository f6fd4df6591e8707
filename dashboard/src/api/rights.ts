import { skipToken, useQuery } from '@tanstack/react-query';

import { SESSION_KEY } from './queries';
import type { components } from './schema';

export type Right = components['schemas']['Scope'];

/** Whether the server lets the logged-in user do this, so that nothing is offered which it would refuse. */
export function useHasRight(right: Right): boolean {
  const { data: user } = useQuery<components['schemas']['CallerRead'] | null>({
    queryKey: SESSION_KEY,
    queryFn: skipToken,
  });
  return user?.scopes.includes(right) ?? false;
}
