/** A WebSocket that a test plays the server of. */
export class FakeWebSocket {
  static opened: FakeWebSocket[] = [];

  /** The one made last. */
  static get latest(): FakeWebSocket {
    const socket = FakeWebSocket.opened.at(-1);
    if (socket === undefined) throw new Error('no WebSocket has been made yet');
    return socket;
  }

  readonly url: string;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  isClosedByPage = false;

  constructor(url: string) {
    this.url = url;
    FakeWebSocket.opened.push(this);
  }

  close(): void {
    this.isClosedByPage = true;
    this.onclose?.();
  }

  accept(): void {
    this.onopen?.();
  }

  tell(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  drop(): void {
    this.onclose?.();
  }
}
