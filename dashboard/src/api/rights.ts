import { skipToken, useQuery } from '@tanstack/react-query';

import { SESSION_KEY } from './queries';
import type { components } from './schema';

type Role = components['schemas']['Role'];
export type Right = 'read' | 'recognize' | 'manage';

const RIGHTS: Record<Role, readonly Right[]> = {
  admin: ['read', 'recognize', 'manage'],
  operator: ['read', 'recognize'],
  viewer: ['read'],
};

/** Whether the logged-in user may do this, so that nothing is offered which the server would refuse. */
export function useHasRight(right: Right): boolean {
  const { data: user } = useQuery<components['schemas']['UserRead'] | null>({
    queryKey: SESSION_KEY,
    queryFn: skipToken,
  });
  return user ? RIGHTS[user.role].includes(right) : false;
}
