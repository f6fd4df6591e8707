import { Badge, Button, Select } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';

import { Section } from '@/components/Page';
import { RelativeTime } from '@/components/RelativeTime';

import {
  type Account,
  type Role,
  ROLE_WORDS,
  useAccountDeletion,
  useAccountUpdate,
} from './accounts';
import { useSession } from './session';
import classes from './AccountSection.module.css';

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];
const ROLE_CHOICES = ROLES.map((value) => ({ value, label: ROLE_WORDS[value] }));

interface AccountSectionProps {
  title: string;
  accounts: readonly Account[];
  /** What stands in place of an empty list. */
  children: string;
}

/** Accounts under a heading, each with what an administrator may do to it. */
export function AccountSection({ title, accounts, children }: AccountSectionProps) {
  return (
    <Section title={title} count={accounts.length}>
      {accounts.length === 0 ? (
        <p className={classes.empty}>{children}</p>
      ) : (
        <ul className={classes.list}>
          {accounts.map((account) => (
            <AccountRow key={account.user_id} account={account} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function AccountRow({ account }: { account: Account }) {
  const { user_id, username, status, created_at, second_factor } = account;
  const isSelf = useSession().data?.user_id === user_id;
  return (
    <li className={classes.row}>
      <div className={classes.who}>
        <span className={classes.name}>{username}</span>
        <span className={classes.facts}>
          {isSelf && 'you · '}
          {status === 'pending' ? 'registered ' : 'since '}
          <RelativeTime iso={created_at} />
          {second_factor && ' · second factor'}
        </span>
        {status === 'disabled' && <Badge color="gray">Disabled</Badge>}
      </div>
      {status === 'pending' ? (
        <Approval account={account} />
      ) : (
        <Management account={account} isSelf={isSelf} />
      )}
    </li>
  );
}

function Approval({ account }: { account: Account }) {
  const [role, setRole] = useState<Role>(account.role);
  const update = useAccountUpdate();
  const deletion = useAccountDeletion();
  const { user_id: id, username } = account;
  return (
    <div className={classes.actions}>
      <RoleSelect username={username} role={role} onChange={setRole} />
      <Button
        loading={update.isPending}
        onClick={() => {
          update.mutate(
            { id, change: { status: 'active', role } },
            {
              onSuccess: () => {
                notifications.show({ message: `${username} can log in now.` });
              },
              onError: showRefusal,
            },
          );
        }}
      >
        Approve
      </Button>
      <Button
        variant="default"
        loading={deletion.isPending}
        onClick={() => {
          deletion.mutate(id, { onError: showRefusal });
        }}
      >
        Refuse
      </Button>
    </div>
  );
}

function Management({ account, isSelf }: { account: Account; isSelf: boolean }) {
  const update = useAccountUpdate();
  const { user_id: id, username, role, status } = account;
  const isDisabled = status === 'disabled';
  const change = (changes: { role?: Role; status?: Account['status'] }): void => {
    update.mutate({ id, change: changes }, { onError: showRefusal });
  };
  return (
    <div className={classes.actions}>
      {isSelf ? (
        <span className={classes.facts}>{ROLE_WORDS[role]}</span>
      ) : (
        <RoleSelect
          username={username}
          role={role}
          isFixed={update.isPending}
          onChange={(chosen) => {
            change({ role: chosen });
          }}
        />
      )}
      {!isSelf && (
        <Button
          variant="default"
          loading={update.isPending}
          onClick={() => {
            change({ status: isDisabled ? 'active' : 'disabled' });
          }}
        >
          {isDisabled ? 'Enable' : 'Disable'}
        </Button>
      )}
    </div>
  );
}

interface RoleSelectProps {
  username: string;
  role: Role;
  isFixed?: boolean;
  onChange: (role: Role) => void;
}

function RoleSelect({ username, role, isFixed = false, onChange }: RoleSelectProps) {
  return (
    <Select
      className={classes.role ?? ''}
      aria-label={`Role of ${username}`}
      data={ROLE_CHOICES}
      allowDeselect={false}
      disabled={isFixed}
      value={role}
      onChange={(value) => {
        const chosen = ROLES.find((one) => one === value);
        if (chosen !== undefined && chosen !== role) onChange(chosen);
      }}
    />
  );
}

function showRefusal(error: Error): void {
  notifications.show({ color: 'red', title: 'Nothing was changed', message: error.message });
}
