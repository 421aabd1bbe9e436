/**
 * Records every change of the admin API in the audit trail. Compares what the API shows of the thing before and after, so
 * that no handler has to take part, and a route without a row here is still recorded.
 */
import type { FastifyRequest } from 'fastify';
import type { AuditAction, AuditActor, AuditChange } from '../../gateway/audit/ports.ts';
import { changesBetween } from '../../gateway/audit/trail.ts';
import { isSafeMethod } from './access.ts';
import { auditedAccount, auditedKey } from './audited-view.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the audited thing looked like before the handler ran. */
    viewBefore: object | undefined;
  }
}

type Kind = 'account' | 'key' | 'settings';

interface AuditedRoute {
  readonly action: AuditAction;
  /** What is compared. Without it, the entry has no fields. */
  readonly kind?: Kind;
  /** Recorded only if something differs: the route may be called again without effect. */
  readonly onlyIfChanged?: true;
}

export const AUDITED_ROUTES: Readonly<Record<string, AuditedRoute>> = {
  'POST /v2/session': { action: 'session.open' },
  'DELETE /v2/session': { action: 'session.close' },
  'POST /v2/accounts': { action: 'account.add', kind: 'account' },
  'PATCH /v2/accounts/:id': { action: 'account.change', kind: 'account' },
  'DELETE /v2/accounts/:id': { action: 'account.remove', kind: 'account' },
  'POST /v2/accounts/:id/refresh': { action: 'account.refresh' },
  'DELETE /v2/accounts/:id/learned': { action: 'account.reset-learned' },
  'POST /v2/accounts/:id/restore': { action: 'account.restore', kind: 'account' },
  'POST /v2/accounts/:id/proxy-test': { action: 'proxy.test' },
  'POST /v2/auth/start': { action: 'sign-in.start' },
  'POST /v2/auth/claim/:authId': { action: 'account.add', kind: 'account', onlyIfChanged: true },
  'POST /v2/imports': { action: 'account.add', kind: 'account' },
  'POST /v2/keys': { action: 'key.create', kind: 'key' },
  'PATCH /v2/keys/:id': { action: 'key.change', kind: 'key' },
  'POST /v2/keys/:id/rotate': { action: 'key.rotate', kind: 'key' },
  'DELETE /v2/keys/:id': { action: 'key.revoke', kind: 'key' },
  'POST /v2/alerts/test': { action: 'webhook.test' },
  'PATCH /v2/settings': { action: 'settings.change', kind: 'settings' },
};

/** Fields of a request that replace a credential. */
const CREDENTIAL_FIELDS = ['refreshToken', 'clientId', 'clientSecret', 'apiKey', 'accessToken'] as const;

export function recordChanges(app: AdminApp, parts: AdminParts): void {
  app.addHook('preHandler', async (request) => {
    if (isSafeMethod(request.method)) return;
    await readLatest(request, parts);
    request.viewBefore = viewsOf(request, parts);
  });
  app.addHook('preSerialization', async (request, _reply, payload) => {
    if (!isSafeMethod(request.method)) await record(request, payload, parts);
    return payload;
  });
}

async function record(request: FastifyRequest, payload: unknown, parts: AdminParts): Promise<void> {
  const { kind, onlyIfChanged } = routeOf(request);
  const after = viewsOf(request, parts);
  const changed = kind === 'settings' ? [undefined] : changedIds(request.viewBefore, after);
  const target = idIn(request.params) ?? idIn(payload) ?? changed[0];
  const changes =
    kind === 'settings'
      ? changesBetween(request.viewBefore, after)
      : changesBetween(member(request.viewBefore, target), member(after, target));
  if (onlyIfChanged && changes.length === 0) return;
  await parts.audit.record({
    actor: actorOf(request),
    action: actionOf(request),
    target,
    changes: [...changes, ...credentialChange(request), ...secretSettings(request, changes)],
  });
}

function routeOf({ method, routeOptions: { url = '' } }: FastifyRequest): AuditedRoute {
  return AUDITED_ROUTES[`${method} ${url}`] ?? { action: `${method} ${url}` as AuditAction }; // Every route here is below /v2.
}

function actionOf(request: FastifyRequest): AuditAction {
  const { action } = routeOf(request);
  const query = Object(request.query);
  if (action === 'session.close' && query.all === 'true') return 'session.close-all';
  if (query.forget !== 'true') return action;
  return action === 'key.revoke' ? 'key.forget' : action === 'account.remove' ? 'account.forget' : action;
}

function actorOf({ admin, ip }: FastifyRequest): AuditActor {
  if (admin.type === 'token') return { type: 'token', address: ip };
  const { id: session, signedInBy } = admin.session;
  return { type: 'session', session, signedInBy, address: ip };
}

/** Otherwise what another process has changed a moment ago would be part of this change. */
async function readLatest(request: FastifyRequest, { accounts, keys, readSettings }: AdminParts): Promise<void> {
  switch (routeOf(request).kind) {
    case 'account':
      return accounts.readLatest();
    case 'key':
      await keys.catchUp();
      return;
    case 'settings':
      return readSettings();
    default:
  }
}

/** By id, or by name for settings. */
function viewsOf(request: FastifyRequest, { accounts, keys, settings, clock }: AdminParts): object {
  const nowMs = clock.now();
  switch (routeOf(request).kind) {
    case 'account':
      return Object.fromEntries(accounts.list().map((account) => [account.id, auditedAccount(account, nowMs)]));
    case 'key':
      return Object.fromEntries(keys.list().map((key) => [key.id, auditedKey(key, nowMs)]));
    case 'settings':
      return Object.fromEntries(settings().map(({ name, value }) => [name, value]));
    default:
      return {};
  }
}

function changedIds(before: object | undefined, after: object): readonly string[] {
  return changesBetween(before, after).map(({ field }) => field);
}

function member(views: object | undefined, id: string | undefined): object | undefined {
  const view: unknown = id === undefined ? undefined : Object(views)[id];
  return typeof view === 'object' && view !== null ? view : undefined;
}

/** Of the path's parameters, or of the thing in the answer. */
function idIn(value: unknown): string | undefined {
  const { id, account, key, session }: Record<string, unknown> = Object(value);
  if (typeof id === 'string') return id;
  const inner = account ?? key ?? session;
  return inner === undefined ? undefined : idIn(inner);
}

function credentialChange({ body, method }: FastifyRequest): readonly AuditChange[] {
  const isReplaced = method === 'PATCH' && CREDENTIAL_FIELDS.some((field) => Object(body)[field] !== undefined);
  return isReplaced ? [{ field: 'credential', before: null, after: 'replaced' }] : [];
}

/** Settings that were sent but look the same, as a secret that replaces another one does. */
function secretSettings(
  { body, routeOptions: { url } }: FastifyRequest,
  changes: readonly AuditChange[],
): readonly AuditChange[] {
  const sent = url === '/v2/settings' ? Object.keys(Object(Object(body).settings)) : [];
  return sent
    .filter((name) => /WEBHOOKS|TOKEN|SECRET|KEY/.test(name) && !changes.some(({ field }) => field === name))
    .map((field) => ({ field, before: null, after: 'replaced' }));
}
