/** The part of the composition root for the admin API: who may use it, what it records, and what it shows as it happens. */
import type { Composed } from './compose.ts';
import { every } from './core/async.ts';
import type { Cancel, Clock } from './core/clock.ts';
import { GatewayError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import { AdminSessions } from './gateway/admin-access/sessions.ts';
import { redeemTicket } from './gateway/admin-access/tickets.ts';
import type { AdminToken } from './gateway/admin-token.ts';
import { AuditTrail } from './gateway/audit/trail.ts';
import { EventFeed } from './gateway/events/event-feed.ts';
import type { AdminDependencies } from './http/admin/ports.ts';
import { ChangeWatch } from './http/admin/watch-changes.ts';
import type { RuntimeSettings } from './runtime-settings.ts';

export interface ComposedAdmin {
  readonly dependencies: AdminDependencies;
  /** Before the first call, the admin API refuses every request. A later one replaces the token. */
  begin(token: AdminToken): void;
  stop(): void;
}

interface AdminContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: AdminDependencies['ledger'];
}

/** How soon consoles see changes of accounts, keys and settings. */
const WATCH_EVERY_MS = 1_000;

export function composeAdmin(
  settings: RuntimeSettings,
  { accounts, apiKeys, signIns, store, listProfiles, signInWithIam }: Composed,
  { clock, log, ledger }: AdminContext,
): ComposedAdmin {
  const current: { token?: AdminToken } = {};
  const feed = new EventFeed(clock);
  const dependencies: AdminDependencies = {
    isAdmin: async (presented) => (await current.token?.matches(presented)) === true,
    sessions: composeSessions(settings, store, clock, current),
    redeemTicket: (presented) => redeemTicket(store.tickets, presented, clock),
    removeTickets: () => store.tickets.removeAll(),
    accounts,
    signIns,
    listProfiles,
    signInWithIam,
    keys: apiKeys,
    configuredKeys: settings.current.apiKeys.length,
    settings: () => settings.views(),
    changeSettings: (changes) => settings.change(changes),
    audit: new AuditTrail({ store: store.audit, clock, log, keptDays: () => settings.current.auditDays }),
    feed,
    ledger,
    idpHosts: settings.current.idpHosts,
  };
  const watch = new ChangeWatch({ ...dependencies, clock }, feed);
  const follow = async () => {
    await settings.refresh();
    await watch.check();
  };
  let stopWatching: Cancel | undefined;
  return {
    dependencies,
    begin(token) {
      current.token = token;
      stopWatching ??= every(clock, WATCH_EVERY_MS, () => void follow().catch(() => {}));
    },
    stop: () => stopWatching?.(),
  };
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
