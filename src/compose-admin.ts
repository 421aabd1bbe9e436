/** The part of the composition root for the admin API: who may use it, what it records, and what it shows as it happens. */
import { homedir } from 'node:os';
import type { Finding } from './accounts/imports/finding.ts';
import type { Composed } from './compose.ts';
import { USER_AGENT } from './compose-tokens.ts';
import type { Settings } from './config.ts';
import { every } from './core/async.ts';
import type { Cancel, Clock } from './core/clock.ts';
import { GatewayError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import { AdminSessions } from './gateway/admin-access/sessions.ts';
import { redeemTicket } from './gateway/admin-access/tickets.ts';
import type { AdminToken } from './gateway/admin-token.ts';
import { accountFacts } from './gateway/alerts/account-facts.ts';
import { Alerts, CHECK_EVERY_MS } from './gateway/alerts/alerts.ts';
import type { AlertFacts } from './gateway/alerts/conditions.ts';
import { ErrorRate } from './gateway/alerts/error-rate.ts';
import { keyFacts } from './gateway/alerts/key-facts.ts';
import type { PostJson } from './gateway/alerts/ports.ts';
import { readWebhook } from './gateway/alerts/webhook-message.ts';
import { Webhooks } from './gateway/alerts/webhooks.ts';
import { AuditTrail } from './gateway/audit/trail.ts';
import { EventFeed } from './gateway/events/event-feed.ts';
import { OtherProcesses } from './gateway/events/other-processes.ts';
import type { KeyLimiter } from './gateway/key-limits/key-limiter.ts';
import type { RequestObserver } from './gateway/request-record.ts';
import { toAlertView } from './http/admin/alert-view.ts';
import type { AdminDependencies } from './http/admin/ports.ts';
import { ChangeWatch } from './http/admin/watch-changes.ts';
import type { RuntimeSettings } from './runtime-settings.ts';
import { createGuardedPost } from './transport/guarded-post.ts';

export interface ComposedAdmin {
  readonly dependencies: AdminDependencies;
  readonly observers: readonly RequestObserver[];
  /** Before the first call, the admin API refuses every request. A later one replaces the token. */
  begin(token: AdminToken): void;
  /** Never rejects. */
  stop(): Promise<void>;
}

interface AdminContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: AdminDependencies['ledger'];
  readonly keyLimiter: Pick<KeyLimiter, 'budgetsOf'>;
  readonly capsules: AdminDependencies['capsules'];
}

/** How soon consoles see changes of accounts, keys and settings, and the requests of other processes. */
const WATCH_EVERY_MS = 1_000;
const WEBHOOK_TIMEOUT_MS = 10_000;

export function composeAdmin(
  settings: RuntimeSettings,
  composed: Composed,
  { clock, log, ...parts }: AdminContext,
): ComposedAdmin {
  const { accounts, connections, apiKeys, signIns, store, listProfiles, signInWithIam } = composed;
  const current: { token?: AdminToken } = {};
  const feed = new EventFeed(clock);
  const alerting = { clock, log, feed, keyLimiter: parts.keyLimiter };
  const { alerts, webhooks, listWebhooks, errorRate } = composeAlerts(settings, composed, alerting);
  const dependencies: AdminDependencies = {
    isAdmin: async (presented) => (await current.token?.matches(presented)) === true,
    sessions: composeSessions(settings, store, clock, current),
    redeemTicket: (presented) => redeemTicket(store.tickets, presented, clock),
    removeTickets: () => store.tickets.removeAll(),
    accounts,
    connections,
    findSignIns: () => findSignIns(settings.current, clock),
    signIns,
    listProfiles,
    signInWithIam,
    keys: apiKeys,
    configuredKeys: settings.current.apiKeys.length,
    settings: () => settings.views(),
    readSettings: () => settings.readLatest(),
    changeSettings: (changes) => settings.change(changes),
    audit: new AuditTrail({ store: store.audit, clock, log, keptDays: () => settings.current.auditDays }),
    feed,
    ledger: parts.ledger,
    capsules: parts.capsules,
    alerts,
    webhooks,
    listWebhooks,
    idpHosts: settings.current.idpHosts,
  };
  const follow = [changesOf(settings, { ...dependencies, clock }, feed), othersOf(parts.ledger, feed)];
  const stopping: Cancel[] = [];
  return {
    dependencies,
    observers: [feed.observe, errorRate.observe],
    begin(token) {
      current.token = token;
      if (stopping.length > 0) return;
      stopping.push(
        ...follow.map((look) => every(clock, WATCH_EVERY_MS, () => void look().catch(() => {}))),
        every(clock, CHECK_EVERY_MS, () => void alerts.check().catch(logFailureTo(log))),
        () => webhooks.close(),
      );
    },
    async stop() {
      for (const stop of stopping.splice(0)) stop();
      await alerts.close();
    },
  };
}

/** Follows changes of accounts, keys and settings. */
function changesOf(settings: RuntimeSettings, parts: ConstructorParameters<typeof ChangeWatch>[0], feed: EventFeed) {
  const watch = new ChangeWatch(parts, feed);
  return async () => {
    await settings.refresh();
    await watch.check();
  };
}

/** Follows the requests of other processes. */
function othersOf(ledger: AdminContext['ledger'], feed: EventFeed) {
  const others = new OtherProcesses(feed);
  return async () => {
    if (ledger) await others.look(() => ledger.opened());
  };
}

/** For checks that are repeated: while the database fails, its own log lines say so. */
function logFailureTo(log: Log): (cause: unknown) => void {
  return (cause) => {
    const { code, details } = GatewayError.from(cause);
    if (code !== 'storage_unavailable') log.error({ why: details }, 'could not check for alerts');
  };
}

function composeAlerts(
  settings: RuntimeSettings,
  { accounts, apiKeys, store }: Composed,
  { clock, log, feed, keyLimiter }: Pick<AdminContext, 'clock' | 'log' | 'keyLimiter'> & { readonly feed: EventFeed },
) {
  const errorRate = new ErrorRate(() => clock.now());
  const listWebhooks = () => settings.current.alertWebhooks.map(readWebhook);
  const webhooks = new Webhooks({ webhooks: listWebhooks, post: composePost(settings.current), clock, log });
  const facts = async (): Promise<AlertFacts> => {
    await Promise.all([accounts.readLatest(), apiKeys.checkForChanges()]);
    const nowMs = clock.now();
    const ofAccounts = accountFacts(accounts, nowMs);
    const budgets = [...ofAccounts.budgets, ...(await keyFacts(apiKeys.list(), keyLimiter, nowMs))];
    const rate = { ...errorRate.sum(), limitPercent: settings.current.alertErrorPercent };
    return { accounts: ofAccounts.accounts, budgets, rate };
  };
  const alerts = new Alerts({ store: store.alerts, clock, feed, webhooks, facts, toEvent: toAlertView });
  return { alerts, webhooks, listWebhooks, errorRate };
}

function composePost({ fetchAllowedHosts: allowed }: Settings): PostJson {
  return createGuardedPost({ userAgent: USER_AGENT, allowed, timeoutMs: WEBHOOK_TIMEOUT_MS });
}

/** Of other programs on this machine, where they are searched without being named. */
async function findSignIns({ kiroTokenFile, idpHosts }: Settings, clock: Clock): Promise<readonly Finding[]> {
  const { DISCOVERED_ORIGINS, discover } = await import('./accounts/imports/discover.ts');
  const machine = { home: homedir(), platform: process.platform, env: process.env, kiroFile: kiroTokenFile };
  return discover(machine, DISCOVERED_ORIGINS, { nowMs: clock.now(), idpHosts });
}

function composeSessions(
  settings: RuntimeSettings,
  { sessions: store }: Composed['store'],
  clock: Clock,
  current: { readonly token?: AdminToken },
): AdminSessions {
  return new AdminSessions({
    ...{ store, clock },
    lifetimes() {
      const { sessionIdleMinutes, sessionHours } = settings.current;
      return { idleMs: sessionIdleMinutes * 60_000, totalMs: sessionHours * 3_600_000 };
    },
    async tokenHash() {
      if (current.token) return current.token.hash();
      throw new GatewayError('shutting_down', 'This gateway is starting. Try again in a moment.', {
        retryAfterMs: 1_000,
      });
    },
  });
}
