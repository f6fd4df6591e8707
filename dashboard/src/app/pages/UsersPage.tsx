import { IconUsers } from '@tabler/icons-react';

import { useHasRight } from '@/api/rights';
import { Page, SectionLoading } from '@/components/Page';
import { EmptyState, ErrorState } from '@/components/States';
import { useAccounts, waiting } from '@/features/users/accounts';
import { AccountSection } from '@/features/users/AccountSection';

/** Who has an account, and who waits for one. */
export function UsersPage() {
  const isManager = useHasRight('manage');
  const accounts = useAccounts(isManager);
  if (!isManager) {
    return (
      <EmptyState icon={<IconUsers size={26} />} title="Only administrators manage users">
        Ask an administrator to let somebody in or to change a role.
      </EmptyState>
    );
  }
  if (accounts.isPending) return <LoadingAccounts />;
  if (accounts.data === undefined) {
    return (
      <ErrorState
        title="The users could not be loaded"
        error={accounts.error}
        onRetry={() => void accounts.refetch()}
      />
    );
  }
  const pending = waiting(accounts.data);
  return (
    <Page title="Users">
      <AccountSection title="Waiting for approval" accounts={pending}>
        Nobody waits. People who register at the log-in page appear here.
      </AccountSection>
      <AccountSection
        title="Accounts"
        accounts={accounts.data.filter(({ status }) => status !== 'pending')}
      >
        There is no account.
      </AccountSection>
    </Page>
  );
}

function LoadingAccounts() {
  return (
    <Page title="Users">
      <SectionLoading label="Loading users" />
    </Page>
  );
}
