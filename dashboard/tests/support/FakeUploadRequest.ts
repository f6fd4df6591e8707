type ProgressListener = (progress: {
  loaded: number;
  total: number;
  lengthComputable: boolean;
}) => void;

/** An XMLHttpRequest that a test plays the server of. */
export class FakeUploadRequest {
  static sent: FakeUploadRequest[] = [];

  static get latest(): FakeUploadRequest {
    const request = FakeUploadRequest.sent.at(-1);
    if (request === undefined) throw new Error('nothing has been sent yet');
    return request;
  }

  readonly headers: Record<string, string> = {};
  readonly upload: { onprogress: ProgressListener | null; onload: (() => void) | null } = {
    onprogress: null,
    onload: null,
  };
  onload: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onabort: (() => void) | null = null;
  target = '';
  body = new FormData();
  status = 0;
  responseText = '';
  private answerHeaders: Record<string, string> = {};

  open(method: string, url: string): void {
    this.target = `${method} ${url}`;
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  getResponseHeader(name: string): string | null {
    return this.answerHeaders[name] ?? null;
  }

  send(body: FormData): void {
    this.body = body;
    FakeUploadRequest.sent.push(this);
  }

  abort(): void {
    this.onabort?.();
  }

  progress(loaded: number, total: number): void {
    this.upload.onprogress?.({ loaded, total, lengthComputable: total > 0 });
  }

  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.upload.onload?.();
    this.status = status;
    this.responseText = typeof body === 'string' ? body : JSON.stringify(body);
    this.answerHeaders = headers;
    this.onload?.();
  }

  fail(): void {
    this.onerror?.();
  }
}
