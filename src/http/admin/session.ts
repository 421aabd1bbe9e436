/** `/v2/session`: signing a browser in and out. */
import { GatewayError } from '../../core/errors.ts';
import { isoTime } from '../../core/times.ts';
import type { AdminSession } from '../../gateway/admin-access/sessions.ts';
import type { AdminAccess, AdminIdentity } from './access.ts';
import { endedSessions, type SessionAnswer, sessionAnswer, sessionQuery, sessionStart } from './contract/session.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';
import { writeSessionCookie } from './session-cookie.ts';

/** The only route of the admin API that needs no admin: it makes one. */
export function registerSignIn(app: AdminApp, parts: AdminParts, access: AdminAccess): void {
  const { sessions } = parts;
  app.post(
    '/v2/session',
    {
      schema: {
        summary: 'Sign a browser in with the admin token or a one-time ticket',
        description: 'Sets the cookie `dragoman_session`. Requests with the admin token in a header need no session.',
        security: [],
        body: sessionStart,
        response: { 200: sessionAnswer },
      },
    },
    async (request, reply) => {
      const { token, ticket } = request.body;
      if ((token === undefined) === (ticket === undefined))
        throw new GatewayError('invalid_request', 'Send either token or ticket.', { param: 'token' });
      if (token !== undefined) await access.checkToken(token, request);
      else await access.takeTicket(ticket ?? '', request);
      const { session, cookie } = await sessions.open(token === undefined ? 'ticket' : 'token');
      const maxAgeS = (session.expiresAtMs - session.createdAtMs) / 1000;
      reply.header('set-cookie', writeSessionCookie(cookie, maxAgeS, request.raw));
      request.admin = { type: 'session', session };
      return toAnswer(request.admin, parts);
    },
  );
}

export function registerSession(app: AdminApp, parts: AdminParts): void {
  const { sessions, removeTickets } = parts;
  app.get(
    '/v2/session',
    { schema: { summary: 'Get how this request is signed in', response: { 200: sessionAnswer } } },
    async ({ admin }) => toAnswer(admin, parts),
  );
  app.delete(
    '/v2/session',
    {
      schema: {
        summary: 'Log out, here or everywhere',
        querystring: sessionQuery,
        response: { 200: endedSessions },
      },
    },
    async ({ admin, query: { all }, raw }, reply) => {
      reply.header('set-cookie', writeSessionCookie('', 0, raw));
      if (all === 'true') {
        await removeTickets();
        return { ended: await sessions.closeAll() };
      }
      return { ended: admin.type === 'session' ? await sessions.close(admin.session.id) : 0 };
    },
  );
}

async function toAnswer(identity: AdminIdentity, { keys, configuredKeys }: AdminParts): Promise<SessionAnswer> {
  await keys.catchUp();
  const needsKey = configuredKeys > 0 || keys.list().length > 0;
  if (identity.type === 'token') return { as: 'token', session: null, csrfToken: null, needsKey };
  const { session } = identity;
  return { as: 'session', session: toView(session), csrfToken: session.csrfToken, needsKey };
}

function toView({ id, signedInBy, createdAtMs, idleUntilMs, expiresAtMs }: AdminSession): SessionAnswer['session'] {
  return {
    ...{ id, signedInBy },
    createdAt: isoTime(createdAtMs),
    idleUntil: isoTime(Math.min(idleUntilMs, expiresAtMs)),
    expiresAt: isoTime(expiresAtMs),
  };
}
