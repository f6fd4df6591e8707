/** Shows the question why plates are searched; null when the user closes it. */
export type ReasonAsker = () => Promise<string | null>;

const HEADER = 'X-Search-Reason';
/** Headers hold Latin-1 and nothing else. */
const LATIN_1 = /^[\u0020-\u00ff]*$/;

let reason: string | null = null;
let askUser: ReasonAsker | null = null;
let asking: Promise<string | null> | null = null;

/** Why this page's user searches for plates; null until the server wanted to know. */
export function searchReason(): string | null {
  return reason;
}

/** Forgets the reason: the next user has another one. */
export function forgetSearchReason(): void {
  reason = null;
}

/** Sets who asks the user; gives what takes that back. */
export function askReasonsWith(asker: ReasonAsker): () => void {
  askUser = asker;
  return () => {
    if (askUser === asker) askUser = null;
  };
}

/**
 * Like `fetch`. Where the server refuses a search because it has no reason, the user is asked for one,
 * and the search is sent again with it, as are all that follow.
 */
export async function fetchWithReason(request: Request): Promise<Response> {
  const again = request.clone();
  const answer = await globalThis.fetch(isSearch(request) ? withReason(request) : request);
  if (answer.status !== 422 || !(await wantsReason(answer.clone()))) return answer;
  reason = await askOnce();
  return reason === null ? answer : globalThis.fetch(withReason(again));
}

function isSearch(request: Request): boolean {
  return new URL(request.url).searchParams.has('plate');
}

function withReason(request: Request): Request {
  if (reason === null) return request;
  if (LATIN_1.test(reason)) {
    const headers = new Headers(request.headers);
    headers.set(HEADER, reason);
    return new Request(request, { headers });
  }
  const url = new URL(request.url);
  // In the access log `reason` is a filter.
  url.searchParams.set(
    url.pathname.startsWith('/api/v1/access/log') ? 'search_reason' : 'reason',
    reason,
  );
  return new Request(url, request);
}

async function wantsReason(answer: Response): Promise<boolean> {
  const body: unknown = await answer.json().catch(() => null);
  if (typeof body !== 'object' || body === null || !('errors' in body)) return false;
  const { errors } = body;
  return (
    Array.isArray(errors) &&
    errors.some((error: unknown) => isRecord(error) && error['field'] === 'reason')
  );
}

/** Several searches that are refused at the same time lead to one question. */
async function askOnce(): Promise<string | null> {
  asking ??= (askUser?.() ?? Promise.resolve(null)).finally(() => {
    asking = null;
  });
  return asking;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
