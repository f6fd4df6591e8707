/** What a person reads when the server could not be reached at all. */
export const UNREACHABLE_MESSAGE =
  'The server cannot be reached. Check that it is running and that this device is on its network.';

interface ApiErrorFields {
  status: number;
  retryAfterS?: number | null;
  requestId?: string | null;
  fields?: Readonly<Record<string, string>>;
}

/** An answer that is not a success, or no answer (`status` 0). `message` is fit to be shown. */
export class ApiError extends Error {
  readonly status: number;
  /** Seconds the server asks us to wait; null when it names none. */
  readonly retryAfterS: number | null;
  readonly requestId: string | null;
  /** Messages by field name, from a problem's `errors`. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(message: string, { status, retryAfterS, requestId, fields }: ApiErrorFields) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.retryAfterS = retryAfterS ?? null;
    this.requestId = requestId ?? null;
    this.fields = fields ?? {};
  }

  get isBusy(): boolean {
    return this.status === 429 || this.status === 503;
  }

  get isSessionEnd(): boolean {
    return this.status === 401;
  }
}

export function unreachable(): ApiError {
  return new ApiError(UNREACHABLE_MESSAGE, { status: 0 });
}

/**
 * The error in an answer's body: problem details (`/api/v1`), the accounts' envelope (`/auth`),
 * or, from a proxy in between, anything at all.
 */
export function errorFromAnswer(
  status: number,
  body: unknown,
  retryAfter: string | null = null,
): ApiError {
  const answer = isRecord(body) ? body : {};
  return new ApiError(
    text(answer['detail']) ?? text(answer['message']) ?? text(answer['title']) ?? plain(status),
    {
      status,
      retryAfterS: retryAfterSeconds(retryAfter),
      requestId: text(answer['request_id']),
      fields: fieldMessages(answer['errors']),
    },
  );
}

/** Seconds from now of a `Retry-After` header, which is a count or an HTTP date. */
export function retryAfterSeconds(header: string | null, nowMs = Date.now()): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}

/** Any thrown value as an error to show; a failed fetch throws a TypeError. */
export function toApiError(thrown: unknown): ApiError {
  return thrown instanceof ApiError ? thrown : unreachable();
}

function plain(status: number): string {
  switch (status) {
    case 401:
      return 'Your session has ended. Log in again.';
    case 403:
      return 'Your account may not do this. Ask an administrator.';
    case 404:
      return 'There is nothing here. It may have been deleted.';
    case 413:
      return 'This photo is too large for the server. Send a smaller one.';
    case 429:
    case 503:
      return 'The server is busy. Try again in a moment.';
    default:
      return `The server answered with status ${status}. Try again, or look in its log.`;
  }
}

function fieldMessages(errors: unknown): Record<string, string> {
  if (!Array.isArray(errors)) return {};
  return Object.fromEntries(
    errors.filter(isRecord).flatMap((error): [string, string][] => {
      const field = text(error['field']);
      const message = text(error['message']);
      return field !== null && message !== null ? [[field, message]] : [];
    }),
  );
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
