/** Who may use the admin API: requests with the admin token, and those of a console session. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { AdminSession, AdminSessions } from '../../gateway/admin-access/sessions.ts';
import { equalTexts } from '../../gateway/admin-access/two-part-token.ts';
import { ADMIN_MESSAGES, hasKey, KeyGuard, TICKET_MESSAGES } from '../auth.ts';
import type { ServerOptions } from '../ports.ts';
import { sessionCookieOf } from './session-cookie.ts';

/** Who sent a request. */
export type AdminIdentity = { readonly type: 'token' } | { readonly type: 'session'; readonly session: AdminSession };

type AdminRequest = Pick<FastifyRequest, 'headers' | 'ip' | 'method'>;

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.has(method);
}

export class AdminAccess {
  readonly #guard: KeyGuard;
  readonly #ticketGuard: KeyGuard;
  readonly #sessions: AdminSessions;

  constructor({ admin, clock }: Pick<ServerOptions, 'admin' | 'clock'>) {
    this.#sessions = admin.sessions;
    const checkToken = async (token: string) => ((await admin.isAdmin(token)) ? 'admin' : undefined);
    const checkTicket = async (ticket: string) => ((await admin.redeemTicket(ticket)) ? 'admin' : undefined);
    this.#guard = new KeyGuard(checkToken, clock, ADMIN_MESSAGES);
    this.#ticketGuard = new KeyGuard(checkTicket, clock, TICKET_MESSAGES);
  }

  /**
   * By the admin token if the request has a key, otherwise by the cookie. Rejects with GatewayError `unauthorized`,
   * `rate_limited` after too many guesses, or `forbidden` for a change without the session's CSRF token.
   */
  async identify(request: AdminRequest): Promise<AdminIdentity> {
    const { headers, ip } = request;
    const cookie = sessionCookieOf(headers);
    if (cookie === undefined || hasKey(headers)) {
      await this.#guard.identify(headers, ip);
      return { type: 'token' };
    }
    const session = await this.#sessions.find(cookie);
    if (!session) throw new GatewayError('unauthorized', SESSION_ENDED);
    if (!isSafeMethod(request.method)) checkSameOrigin(request, session);
    return { type: 'session', session };
  }

  /** Whether a request that was allowed would be allowed now. Not a use of its session. Rejects with `storage_unavailable`. */
  async isStillValid({ headers, admin }: FastifyRequest): Promise<boolean> {
    if (admin.type === 'session')
      return (await this.#sessions.find(sessionCookieOf(headers) ?? '', false)) !== undefined;
    return this.#guard.isValid(headers);
  }

  /** Rejects as `identify` does. */
  async checkToken(token: string, { ip }: AdminRequest): Promise<void> {
    await this.#guard.identifyKey(token, ip);
  }

  /** Consumes the ticket. Rejects as `identify` does. */
  async takeTicket(ticket: string, { ip }: AdminRequest): Promise<void> {
    await this.#ticketGuard.identifyKey(ticket, ip);
  }
}

/** Whether a request presents a session and no key, which would count first. */
export function isOfSession(headers: IncomingHttpHeaders): boolean {
  return headers.cookie !== undefined && sessionCookieOf(headers) !== undefined && !hasKey(headers);
}

const SESSION_ENDED =
  'The session has ended. Sign in with the admin token, or open a link from `dragoman console`; `dragoman admin-token reset` generates a new token.';

/**
 * The browser sends the cookie with every request to this host, also from pages of other ports, which count as the same
 * site. Only pages of this gateway can read the CSRF token.
 */
function checkSameOrigin({ headers }: AdminRequest, { csrfToken }: AdminSession): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin')
    throw new GatewayError('forbidden', 'Only the console itself may send changes with its cookie.');
  const presented = headers['x-dragoman-csrf'];
  if (typeof presented === 'string' && equalTexts(presented, csrfToken)) return;
  throw new GatewayError(
    'forbidden',
    'A change with the session cookie needs the session\'s CSRF token. Send "csrfToken" of GET /v2/session as x-dragoman-csrf.',
  );
}
