import { Center, Loader } from '@mantine/core';
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';

/** The code of a page did not arrive: the server is away, or has a newer dashboard with other files. */
export class PageLoadError extends Error {
  constructor(cause: unknown) {
    super('The server did not send this page. Check that it is running, then try again.', {
      cause,
    });
    this.name = 'PageLoadError';
  }
}

/**
 * An element that loads the code of a page when it is first drawn. Where that fails, it throws PageLoadError
 * to the `errorElement` of its route.
 *
 * @param load imports the page.
 * @param placeholder what is shown until the page is there.
 */
export function lazyPage(
  load: () => Promise<ComponentType>,
  placeholder: ReactNode = <PageLoading />,
): ReactNode {
  const Page = lazy(async () => {
    try {
      return { default: await load() };
    } catch (error) {
      throw new PageLoadError(error);
    }
  });
  return (
    <Suspense fallback={placeholder}>
      <Page />
    </Suspense>
  );
}

function PageLoading() {
  return (
    <Center mih="60dvh">
      <Loader type="dots" aria-label="Loading the page" />
    </Center>
  );
}
