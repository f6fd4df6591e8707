import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import { ApiError } from '@/api/errors';
import { Logo } from '@/components/Logo';
import { PlateBadge } from '@/components/PlateBadge';
import { EmptyState, ErrorState } from '@/components/States';

import { renderThemed } from '../support/render';

test('an error shows the message, the request id and a way to try again', async () => {
  const onRetry = vi.fn();
  const error = new ApiError('The database is away.', { status: 503, requestId: '9c1d' });
  renderThemed(<ErrorState title="No list" error={error} onRetry={onRetry} />);
  expect(screen.getByRole('alert')).toHaveTextContent('No listThe database is away.request 9c1d');
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(onRetry).toHaveBeenCalledOnce();
});

test('an error that is not the server’s has no request id', () => {
  renderThemed(<ErrorState title="No list" error={new Error('Odd.')} onRetry={vi.fn()} />);
  expect(screen.getByRole('alert')).not.toHaveTextContent('request');
});

test('an empty state says what would fill it', () => {
  renderThemed(
    <EmptyState icon={null} title="Nothing">
      Drop a photo.
    </EmptyState>,
  );
  expect(screen.getByText('Nothing')).toBeInTheDocument();
  expect(screen.getByText('Drop a photo.')).toBeInTheDocument();
});

test('a plate shows its region in capitals only where one is known', () => {
  const { container, rerender } = renderThemed(<PlateBadge text="7ABC123" region="us-ca" />);
  expect(container).toHaveTextContent('US-CA7ABC123');
  rerender(<PlateBadge text="7ABC123" region={null} />);
  expect(container).toHaveTextContent(/^7ABC123$/);
});

test('the mark alone still has a name to read out', () => {
  renderThemed(<Logo markOnly />);
  expect(screen.getByText('platewatch')).toBeInTheDocument();
});
