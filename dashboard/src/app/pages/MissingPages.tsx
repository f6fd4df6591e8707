import { Button, Center } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link, useRouteError } from 'react-router';

import { EmptyState, ErrorState } from '@/components/States';

export function NotFoundPage() {
  return (
    <EmptyState icon={<IconMapOff size={26} />} title="There is no such page">
      <p>The address may be mistyped, or the page has moved.</p>
      <Button component={Link} to="/" variant="default">
        To the first page
      </Button>
    </EmptyState>
  );
}

/** The last resort when a page throws while it is drawn. */
export function CrashPage() {
  const error = useRouteError();
  return (
    <Center mih="100dvh" component="main">
      <ErrorState
        title="This page stopped working"
        error={error instanceof Error ? error : new Error(String(error))}
        onRetry={() => {
          window.location.reload();
        }}
      />
    </Center>
  );
}
