import { Menu, UnstyledButton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconChevronDown, IconLogout, IconUser } from '@tabler/icons-react';

import { initialOf } from './initial';
import { useLogOut, type User } from './session';
import classes from './UserMenu.module.css';

/** Who is logged in, as what, and the way out where there is a log-in. */
export function UserMenu({ user }: { user: User }) {
  const logOut = useLogOut();
  const leave = (): void => {
    logOut.mutate(undefined, {
      onError: (error) => {
        notifications.show({ color: 'red', title: 'Not logged out', message: error.message });
      },
    });
  };
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <UnstyledButton className={classes.button} aria-label={`Account of ${user.username}`}>
          <span className={classes.initial} aria-hidden="true">
            {initialOf(user.username) ?? <IconUser size={18} />}
          </span>
          <span className={classes.name}>{user.username}</span>
          <IconChevronDown size={15} aria-hidden="true" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.username} · {user.role}
        </Menu.Label>
        {user.has_session && (
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={leave}>
            Log out
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
