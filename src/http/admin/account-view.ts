/** An account as it is shown: picked field by field, so nothing secret slips in with the rest. */
import { profileArnOf } from '../../accounts/credentials.ts';
import { type AccountState, isReady } from '../../accounts/health.ts';
import type { Account } from '../../accounts/ports.ts';
import { shownProxy } from '../../accounts/proxy.ts';
import { isoTime } from '../../core/times.ts';
import type { AccountAnswer, AccountView, ListedAccount } from './contract/account.ts';

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

/** With the field names of q2api in addition. */
export function toListedAccount(account: Account, nowMs: number): ListedAccount {
  const view = toAccountView(account, nowMs);
  const { lastRefresh } = account.learned;
  return {
    ...view,
    success_count: view.successes,
    error_count: view.consecutiveFailures,
    last_refresh_status: lastRefresh ? (lastRefresh.succeeded ? 'success' : 'failed') : 'never',
    last_refresh_time: lastRefresh ? isoTime(lastRefresh.atMs) : null,
    created_at: view.createdAt,
    updated_at: view.updatedAt,
  };
}

export function toAccountAnswer(account: Account, nowMs: number): AccountAnswer {
  return { ...toListedAccount(account, nowMs), account: toAccountView(account, nowMs) };
}

function toStateView(state: AccountState): Omit<AccountView['state'], 'message'> {
  return {
    status: state.status,
    until: 'untilMs' in state ? isoTime(state.untilMs) : null,
    reason: 'reason' in state ? state.reason : null,
    by: 'by' in state ? state.by : null,
  };
}
