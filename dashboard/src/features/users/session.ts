import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { client, unwrap } from '@/api/client';
import { ApiError } from '@/api/errors';
import { endSession, SESSION_KEY } from '@/api/queries';
import type { components } from '@/api/schema';

export type User = components['schemas']['CallerRead'];
export type RegisteredUser = components['schemas']['RegisteredRead'];
export type Registration = components['schemas']['RegistrationRead'];

export interface Credentials {
  username: string;
  password: string;
}

/** What the first account has to say beside its name and password. */
export interface NewAccount extends Credentials {
  setup_token?: string;
  time_zone?: string;
}

/** Who is logged in; null when nobody is. */
async function fetchSession(): Promise<User | null> {
  try {
    return (await unwrap(client.GET('/auth/me'))).data;
  } catch (error) {
    if (error instanceof ApiError && error.isSessionEnd) return null;
    throw error;
  }
}

export function useSession() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: fetchSession, staleTime: 60_000 });
}

/** What the account pages have to show: first account or not, token or not, who may register. */
export function useRegistration() {
  return useQuery({
    queryKey: ['registration'],
    queryFn: async (): Promise<Registration> => (await unwrap(client.GET('/auth/register'))).data,
  });
}

export function useLogIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (credentials: Credentials): Promise<User> =>
      (await unwrap(client.POST('/auth/login', { body: credentials }))).data,
    onSuccess: (user) => {
      queries.setQueryData(SESSION_KEY, user);
    },
  });
}

export function useRegister() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (account: NewAccount): Promise<RegisteredUser> =>
      (await unwrap(client.POST('/auth/register', { body: account }))).data,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['registration'] }),
  });
}

export function useLogOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => unwrap(client.POST('/auth/logout')),
    onSuccess: () => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
      endSession(queries);
    },
  });
}
