import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { client, unwrap } from '@/api/client';
import type { components } from '@/api/schema';

export type Account = components['schemas']['AccountRead'];
export type AccountUpdate = components['schemas']['AccountUpdate'];
export type Role = components['schemas']['Role'];

const ACCOUNTS_KEY = ['accounts'] as const;
/** How often an open dashboard asks whether somebody waits for approval. */
const ASK_EVERY_MS = 60_000;

/** What each role may do, for the one who hands it out. */
export const ROLE_WORDS: Record<Role, string> = {
  admin: 'Administrator: may do everything',
  operator: 'Operator: reads and records',
  viewer: 'Viewer: reads only',
};

/**
 * All accounts by name.
 *
 * @param isManager whether the logged-in user may see them; others ask nothing.
 */
export function useAccounts(isManager: boolean) {
  return useQuery({
    queryKey: ACCOUNTS_KEY,
    queryFn: async ({ signal }): Promise<Account[]> =>
      (await unwrap(client.GET('/api/v1/users', { signal }))).items,
    enabled: isManager,
    refetchInterval: ASK_EVERY_MS,
  });
}

/** The accounts that wait for approval. */
export function waiting(accounts: readonly Account[] | undefined): Account[] {
  return (accounts ?? []).filter(({ status }) => status === 'pending');
}

/** Approves, disables or enables an account, or gives it another role. */
export function useAccountUpdate() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, change }: { id: number; change: AccountUpdate }): Promise<Account> =>
      unwrap(
        client.PATCH('/api/v1/users/{user_id}', {
          params: { path: { user_id: id } },
          body: change,
        }),
      ),
    onSuccess: (changed) => {
      queries.setQueryData<Account[]>(ACCOUNTS_KEY, (accounts) =>
        accounts?.map((account) => (account.user_id === changed.user_id ? changed : account)),
      );
    },
  });
}

/** Deletes an account; what it recorded stays. */
export function useAccountDeletion() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (id: number): Promise<void> => {
      await unwrap(
        client
          .DELETE('/api/v1/users/{user_id}', { params: { path: { user_id: id } } })
          .then((answer) => ({ ...answer, data: true as const })),
      );
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ACCOUNTS_KEY }),
  });
}
