import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import {
  backOffMs,
  type ConnectionState,
  LiveConnection,
  type LiveEvent,
  LONGEST_WAIT_MS,
  parseLiveEvent,
} from '@/features/sightings/live/LiveConnection';

import { FakeWebSocket } from '../../../support/FakeWebSocket';

const URL_LIVE = 'ws://host/api/v1/live';

function message(id: number, resumeId = id) {
  return { id, resume_id: resumeId, kind: 'sighting.recorded', data: { id } };
}

test('the reason of the search is sent with the event to resume from', () => {
  vi.useFakeTimers();
  const connection = new LiveConnection({
    url: URL_LIVE,
    onState: () => undefined,
    onEvent: () => undefined,
    onGap: () => undefined,
    reason: () => 'lost ticket & car',
    random: () => 1,
  });
  connection.start();
  FakeWebSocket.latest.accept();
  FakeWebSocket.latest.tell(message(7, 9));
  FakeWebSocket.latest.drop();
  vi.advanceTimersByTime(1_000);
  expect(FakeWebSocket.latest.url).toBe(`${URL_LIVE}?after=9&reason=lost%20ticket%20%26%20car`);
  connection.stop();
});

describe('a live connection', () => {
  let states: ConnectionState[];
  let events: LiveEvent[];
  let gaps: number;
  let connection: LiveConnection;

  beforeEach(() => {
    vi.useFakeTimers();
    states = [];
    events = [];
    gaps = 0;
    connection = new LiveConnection({
      url: URL_LIVE,
      onState: (state) => states.push(state),
      onEvent: (event) => events.push(event),
      onGap: () => (gaps += 1),
      random: () => 1,
    });
    connection.start();
  });

  afterEach(() => {
    connection.stop();
  });

  test('is connecting until the server accepts it', () => {
    expect(states).toEqual(['connecting']);
    FakeWebSocket.latest.accept();
    expect(states).toEqual(['connecting', 'live']);
    expect(FakeWebSocket.latest.url).toBe(URL_LIVE);
  });

  test('hands on events and passes over what is none', () => {
    FakeWebSocket.latest.accept();
    for (const noise of ['pong', '{', '[]', '{"id":"1"}', 'null']) FakeWebSocket.latest.tell(noise);
    FakeWebSocket.latest.tell(message(4));
    expect(events.map(({ id }) => id)).toEqual([4]);
  });

  test('comes back after the last event it got', () => {
    FakeWebSocket.latest.accept();
    FakeWebSocket.latest.tell(message(7, 9));
    FakeWebSocket.latest.drop();
    expect(states.at(-1)).toBe('reconnecting');
    vi.advanceTimersByTime(1_000);
    expect(FakeWebSocket.latest.url).toBe(`${URL_LIVE}?after=9`);
    FakeWebSocket.latest.accept();
    expect(states.at(-1)).toBe('live');
  });

  test('begins with what happens where the server refuses to tell what was missed', () => {
    FakeWebSocket.latest.accept();
    FakeWebSocket.latest.tell(message(7, 9));
    FakeWebSocket.latest.drop();
    vi.advanceTimersByTime(1_000);
    FakeWebSocket.latest.drop();
    vi.advanceTimersByTime(2_000);
    expect(FakeWebSocket.latest.url).toBe(URL_LIVE);
    const before = gaps;
    FakeWebSocket.latest.accept();
    expect(gaps).toBe(before + 1);
  });

  test('tells of a gap when it has no event to resume from, and when it breaks', () => {
    FakeWebSocket.latest.accept();
    expect(gaps).toBe(1);
    FakeWebSocket.latest.tell(message(3));
    FakeWebSocket.latest.drop();
    expect(gaps).toBe(2);
    vi.advanceTimersByTime(1_000);
    FakeWebSocket.latest.accept();
    expect(gaps).toBe(2);
  });

  test('waits longer each time until it is accepted', () => {
    for (const waitMs of [1_000, 2_000, 4_000]) {
      const count = FakeWebSocket.opened.length;
      FakeWebSocket.latest.drop();
      vi.advanceTimersByTime(waitMs - 1);
      expect(FakeWebSocket.opened).toHaveLength(count);
      vi.advanceTimersByTime(1);
      expect(FakeWebSocket.opened).toHaveLength(count + 1);
    }
    FakeWebSocket.latest.accept();
    FakeWebSocket.latest.drop();
    vi.advanceTimersByTime(1_000);
    expect(FakeWebSocket.opened).toHaveLength(5);
  });

  test('does not sit out its wait when the network is back', () => {
    FakeWebSocket.latest.drop();
    window.dispatchEvent(new Event('online'));
    expect(FakeWebSocket.opened).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(FakeWebSocket.opened).toHaveLength(2);
  });

  test('is not disturbed by the network coming back while it is open', () => {
    FakeWebSocket.latest.accept();
    window.dispatchEvent(new Event('online'));
    expect(FakeWebSocket.opened).toHaveLength(1);
  });

  test('once stopped stays closed and silent', () => {
    const socket = FakeWebSocket.latest;
    socket.accept();
    connection.stop();
    socket.tell(message(1));
    vi.advanceTimersByTime(60_000);
    window.dispatchEvent(new Event('online'));
    expect(socket.isClosedByPage).toBe(true);
    expect(FakeWebSocket.opened).toHaveLength(1);
    expect(events).toEqual([]);
    expect(states).toEqual(['connecting', 'live']);
  });
});

test.each([
  [1, 0, 500],
  [1, 1, 1_000],
  [3, 1, 4_000],
  [3, 0, 2_000],
  [50, 1, LONGEST_WAIT_MS],
])('after %i failures and chance %d the wait is %i ms', (failures, random, waitMs) => {
  expect(backOffMs(failures, random)).toBe(waitMs);
});

test('an event needs a number to resume from', () => {
  expect(parseLiveEvent(JSON.stringify(message(1)))).toMatchObject({ id: 1, resumeId: 1 });
  expect(parseLiveEvent(JSON.stringify({ ...message(1), resume_id: null }))).toBeNull();
  expect(parseLiveEvent(new ArrayBuffer(4))).toBeNull();
});
