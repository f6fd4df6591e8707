import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { ApiError } from '@/api/errors';

import classes from './States.module.css';

interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  children: ReactNode;
}

/** Nothing to show, and what would change that. */
export function EmptyState({ icon, title, children }: EmptyStateProps) {
  return (
    <div className={classes.state}>
      <span className={classes.icon} aria-hidden="true">
        {icon}
      </span>
      <p className={classes.title}>{title}</p>
      <div className={classes.text}>{children}</div>
    </div>
  );
}

interface ErrorStateProps {
  title: string;
  error: Error;
  onRetry: () => void;
}

/** What went wrong in the server's words, the request id for its log, and a way on. */
export function ErrorState({ title, error, onRetry }: ErrorStateProps) {
  // What is not there won't be there at the next try.
  const isGone = error instanceof ApiError && error.status === 404;
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <div className={classes.state} role="alert">
      <p className={classes.title}>{title}</p>
      <div className={classes.text}>{error.message}</div>
      {requestId !== null && <code className={classes.request}>request {requestId}</code>}
      {!isGone && (
        <Button
          variant="default"
          size="sm"
          leftSection={<IconRefresh size={16} />}
          onClick={onRetry}
        >
          Try again
        </Button>
      )}
    </div>
  );
}
