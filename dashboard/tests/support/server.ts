import { vi } from 'vitest';

export interface FakeAnswer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Handler = (request: Request) => FakeAnswer | Promise<FakeAnswer>;

/** A server behind `fetch`, by "METHOD /path". Other requests answer 404. */
export class FakeServer {
  readonly requests: Request[] = [];
  private readonly handlers = new Map<string, Handler>();
  isReachable = true;

  install(): this {
    vi.stubGlobal('fetch', (request: Request) => this.answer(request));
    return this;
  }

  on(route: string, answer: FakeAnswer | Handler): this {
    this.handlers.set(route, typeof answer === 'function' ? answer : () => answer);
    return this;
  }

  /** The requests to one route so far. */
  to(route: string): Request[] {
    return this.requests.filter((request) => routeOf(request) === route);
  }

  private async answer(request: Request): Promise<Response> {
    this.requests.push(request.clone());
    if (!this.isReachable) throw new TypeError('Failed to fetch');
    const handler = this.handlers.get(routeOf(request));
    const missing: FakeAnswer = { status: 404, body: { detail: `no ${routeOf(request)}` } };
    const { status = 200, body = {}, headers = {} } = await (handler?.(request) ?? missing);
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'Content-Type': 'application/json', ...headers },
    });
  }
}

function routeOf(request: Request): string {
  return `${request.method} ${new URL(request.url).pathname}`;
}

export function envelope(data: unknown, message = 'ok'): FakeAnswer {
  return { body: { success: true, message, data } };
}

export function refusal(status: number, message: string): FakeAnswer {
  return { status, body: { success: false, message } };
}

/** The rights that the server gives each role. */
const SCOPES = {
  admin: ['read', 'recognize', 'manage'],
  operator: ['read', 'recognize'],
  viewer: ['read'],
};

/** Anna as `GET /auth/me` answers, in another role if one is given. */
export function annaAs(role: keyof typeof SCOPES) {
  return { user_id: 1, username: 'anna', role, has_session: true, scopes: SCOPES[role] };
}

export const ANNA = annaAs('admin');
export const REGISTRATION = {
  first_account: false,
  setup_token_required: false,
  registration: 'approval',
  time_zone: 'Europe/Berlin',
};

/** A server on which anna is logged in and no sighting exists. */
export function serverWithAnna(): FakeServer {
  return new FakeServer()
    .on('GET /auth/me', envelope(ANNA))
    .on('GET /auth/register', envelope(REGISTRATION))
    .on('GET /api/v1/sightings', { body: { items: [], next_cursor: null } })
    .install();
}

/** A server with accounts on which nobody is logged in until the right password comes. */
export function serverWithoutSession(): FakeServer {
  const server = serverWithAnna();
  server.on('GET /auth/me', refusal(401, 'Log in first.'));
  return server.on('POST /auth/login', async (request) => {
    const { password } = (await request.json()) as { password: string };
    if (password !== 'right') return refusal(401, 'The user name or the password is wrong.');
    server.on('GET /auth/me', envelope(ANNA));
    return envelope(ANNA);
  });
}
