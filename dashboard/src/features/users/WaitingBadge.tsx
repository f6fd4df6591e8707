import { useHasRight } from '@/api/rights';

import { useAccounts, waiting } from './accounts';
import classes from './WaitingBadge.module.css';

/** How many accounts wait for approval; nothing where none does. */
export function WaitingBadge() {
  const isManager = useHasRight('manage');
  const count = waiting(useAccounts(isManager).data).length;
  if (count === 0) return null;
  return (
    <>
      <span className={classes.badge} aria-hidden="true">
        {count}
      </span>
      <span className="visually-hidden">, {count} waiting for approval</span>
    </>
  );
}
