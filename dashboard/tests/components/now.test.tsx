import { act, renderHook } from '@testing-library/react';
import { expect, test, vi } from 'vitest';

import { useNow } from '@/components/now';

test('one timer serves all who watch, and stops with the last of them', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const first = renderHook(useNow);
  const second = renderHook(useNow);
  expect(vi.getTimerCount()).toBe(1);
  act(() => {
    vi.advanceTimersByTime(15_000);
  });
  expect(first.result.current).toBe(1_015_000);
  expect(second.result.current).toBe(1_015_000);
  first.unmount();
  expect(vi.getTimerCount()).toBe(1);
  second.unmount();
  expect(vi.getTimerCount()).toBe(0);
});
