/** One message of the live channel. */
export interface LiveEvent {
  id: number;
  /** Where to go on after this event. */
  resumeId: number;
  kind: string;
  data: unknown;
}

export type ConnectionState = 'connecting' | 'live' | 'reconnecting';

interface LiveConnectionOptions {
  /** Where the channel is, with no query. */
  url: string;
  onEvent: (event: LiveEvent) => void;
  onState: (state: ConnectionState) => void;
  /** Called when something may have been missed: the channel broke, or opened with no event to resume from. */
  onGap: () => void;
  /** Why plates are searched, if the user said so. */
  reason?: () => string | null;
  /** A number in [0, 1) that spreads reconnecting dashboards in time. */
  random?: () => number;
}

export const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 30_000;

/** Milliseconds before attempt `failures + 1`: doubling, bounded, the second half of it by chance. */
export function backOffMs(failures: number, random: number): number {
  const whole = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
  return whole / 2 + (whole / 2) * random;
}

/** The event in a message's text; null for whatever is none, such as a keep-alive. */
export function parseLiveEvent(text: unknown): LiveEvent | null {
  if (typeof text !== 'string') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    if (!('id' in value && 'resume_id' in value && 'kind' in value && 'data' in value)) return null;
    const { id, resume_id: resumeId, kind, data } = value;
    if (typeof id !== 'number' || typeof resumeId !== 'number') return null;
    return typeof kind === 'string' ? { id, resumeId, kind, data } : null;
  } catch {
    return null;
  }
}

/** The live channel, kept open: it reconnects with back-off and resumes after the last event. */
export class LiveConnection {
  private readonly options: LiveConnectionOptions;
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private resumeId: number | null = null;
  private failures = 0;
  private hasOpened = false;

  constructor(options: LiveConnectionOptions) {
    this.options = options;
  }

  start(): void {
    window.addEventListener('online', this.hurry);
    this.options.onState('connecting');
    this.connect();
  }

  stop(): void {
    window.removeEventListener('online', this.hurry);
    clearTimeout(this.timer);
    this.timer = undefined;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private connect(): void {
    const socket = new WebSocket(`${this.options.url}${this.position()}`);
    this.socket = socket;
    this.hasOpened = false;
    socket.onopen = () => {
      if (socket === this.socket) this.opened();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.received(data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.closed();
    };
  }

  /** Where to go on, with the reason that some servers ask for before they tell what was missed. */
  private position(): string {
    if (this.resumeId === null) return '';
    const reason = this.options.reason?.() ?? null;
    return `?after=${this.resumeId}${reason === null ? '' : `&reason=${encodeURIComponent(reason)}`}`;
  }

  private opened(): void {
    this.failures = 0;
    this.hasOpened = true;
    this.options.onState('live');
    if (this.resumeId === null) this.options.onGap();
  }

  private received(text: unknown): void {
    const event = parseLiveEvent(text);
    if (event === null) return;
    this.resumeId = event.resumeId;
    this.options.onEvent(event);
  }

  private closed(): void {
    this.socket = null;
    this.failures += 1;
    // A server that wants a reason refuses what was missed: begin with what happens, and ask for the lists again.
    if (!this.hasOpened && this.options.reason?.() == null) this.resumeId = null;
    this.options.onState('reconnecting');
    if (this.failures === 1) this.options.onGap();
    const waitMs = backOffMs(this.failures, (this.options.random ?? Math.random)());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.connect();
    }, waitMs);
  }

  /** The network is back: no reason to sit out the wait. */
  private readonly hurry = (): void => {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.connect();
  };
}
