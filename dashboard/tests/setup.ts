import '@testing-library/jest-dom/vitest';

import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

import { FakeWebSocket } from './support/FakeWebSocket';

// A page that is lazily loaded takes longer than the usual second on a busy machine.
configure({ asyncUtilTimeout: 8000 });

// What jsdom lacks and the libraries ask for.
class NoObserver {
  observe = vi.fn();
  unobserve = vi.fn();
  disconnect = vi.fn();
  takeRecords = (): [] => [];
}

beforeEach(() => {
  vi.stubGlobal('ResizeObserver', NoObserver);
  vi.stubGlobal('IntersectionObserver', NoObserver);
  vi.stubGlobal('WebSocket', FakeWebSocket);
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: false,
    media: query,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
    addListener: vi.fn(),
    removeListener: vi.fn(),
  }));
  URL.createObjectURL = () => 'blob:photo';
  URL.revokeObjectURL = vi.fn();
  Element.prototype.scrollIntoView = vi.fn();
  FakeWebSocket.opened = [];
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  window.localStorage.clear();
});
