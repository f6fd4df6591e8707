import { Button, Center } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useRouteError } from 'react-router';

import { client, unwrap } from '@/api/client';
import { type ApiError, toApiError } from '@/api/errors';
import { EmptyState, ErrorState } from '@/components/States';

import { PageLoadError } from '../lazyPage';

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

/** In place of a page inside whose code did not arrive; the bar at the top stays. */
export function PageNotLoaded() {
  const error = toError(useRouteError());
  // What a page throws while it is drawn is for the error page around all.
  if (!(error instanceof PageLoadError)) throw error;
  return <LoadFailure error={error} />;
}

/** The last resort when a page throws while it is drawn, or one before log-in does not arrive. */
export function CrashPage() {
  const error = toError(useRouteError());
  return (
    <Center mih="100dvh" component="main">
      {error instanceof PageLoadError ? (
        <LoadFailure error={error} />
      ) : (
        <ErrorState title="This page stopped working" error={error} onRetry={reload} />
      )}
    </Center>
  );
}

/** Loads the dashboard again once the server answers, so that the browser's own error page is never shown. */
function LoadFailure({ error }: { error: PageLoadError }) {
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const retry = (): void => {
    unwrap(client.GET('/health')).then(reload, (thrown: unknown) => {
      setRefusal(toApiError(thrown));
    });
  };
  return (
    <ErrorState title="This page could not be loaded" error={refusal ?? error} onRetry={retry} />
  );
}

function reload(): void {
  window.location.reload();
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
