/** An account as it is shown: picked field by field, so nothing secret slips in with the rest. */
import { profileArnOf } from '../../accounts/credentials.ts';
import { type AccountState, isReady } from '../../accounts/health.ts';
import type { Account, DiscardedAccount } from '../../accounts/ports.ts';
import { shownProxy } from '../../accounts/proxy.ts';
import { KEPT_IN_TRASH_MS } from '../../accounts/trash.ts';
import { isoTime } from '../../core/times.ts';
import type { AccountAnswer, AccountView, ListedAccount, TrashedAccount } from './contract/account.ts';
import type { AdminParts } from './ports.ts';

export function toAccountView(account: Account, nowMs: number): AccountView {
  const { id, label, credential, source, health, options, proxy, accessToken, createdAtMs, updatedAtMs } = account;
  const { priority, weight, groups, maxConcurrency, minIntervalMs } = options;
  const { successes, failures, consecutiveFailures } = health;
  return {
    id,
    label,
    kind: credential.kind,
    source: { type: source.type, path: 'path' in source ? source.path : null },
    enabled: health.state.status !== 'disabled',
    // An expired cooldown counts as ready, although the stored state still says otherwise.
    state: {
      ...toStateView(isReady(health, nowMs) ? { status: 'ready' } : health.state),
      message: ('message' in health.state && health.state.message) || null,
    },
    successes,
    failures,
    consecutiveFailures,
    region: credential.region,
    startUrl: ('startUrl' in credential && credential.startUrl) || null,
    profileArn: profileArnOf(credential) ?? null,
    // The access tokens of API keys and AWS keys do not expire.
    tokenExpiresAt: accessToken && Number.isFinite(accessToken.expiresAtMs) ? isoTime(accessToken.expiresAtMs) : null,
    proxy: proxy === undefined ? null : shownProxy(proxy),
    priority,
    weight,
    groups: [...groups],
    maxConcurrency: maxConcurrency ?? null,
    minIntervalMs,
    createdAt: isoTime(createdAtMs),
    updatedAt: isoTime(updatedAtMs),
  };
}

type Routing = Pick<AdminParts, 'connections' | 'accounts' | 'clock'>;

/** With the field names of q2api, and why requests get the account or do not. */
export function toListedAccount(account: Account, { connections, accounts, clock }: Routing): ListedAccount {
  const view = toAccountView(account, clock.now());
  const { id, reason, untilMs } = connections.wireProfileOf(account);
  const skip = accounts.lastSkip(account.id);
  const { lastRefresh } = account.learned;
  return {
    ...view,
    success_count: view.successes,
    error_count: view.consecutiveFailures,
    last_refresh_status: lastRefresh ? (lastRefresh.succeeded ? 'success' : 'failed') : 'never',
    last_refresh_time: lastRefresh ? isoTime(lastRefresh.atMs) : null,
    created_at: view.createdAt,
    updated_at: view.updatedAt,
    wireProfile: { id, reason, until: timeOrNull(untilMs) },
    lastSkip: skip ? { reason: skip.why, at: isoTime(skip.atMs), until: timeOrNull(skip.untilMs) } : null,
  };
}

export function toTrashedAccount({ id, label, kind, discardedAtMs }: DiscardedAccount): TrashedAccount {
  return { id, label, kind, removedAt: isoTime(discardedAtMs), deletedAt: isoTime(discardedAtMs + KEPT_IN_TRASH_MS) };
}

export function toAccountAnswer(account: Account, parts: Routing): AccountAnswer {
  return { ...toListedAccount(account, parts), account: toAccountView(account, parts.clock.now()) };
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}

function toStateView(state: AccountState): Omit<AccountView['state'], 'message'> {
  return {
    status: state.status,
    until: 'untilMs' in state ? isoTime(state.untilMs) : null,
    reason: 'reason' in state ? state.reason : null,
    by: 'by' in state ? state.by : null,
  };
}
