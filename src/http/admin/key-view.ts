/** A client API key as it is shown. Apart from the routes, since the command line shows keys without loading schemas. */
import { isoTime } from '../../core/times.ts';
import type { StoredKey } from '../../gateway/stored-keys.ts';
import type { KeyView } from './contract/key.ts';

/** What may be seen of a client API key: picked field by field, so nothing secret slips in with the rest. */
export function toKeyView(key: StoredKey, nowMs: number): KeyView {
  const { id, name, prefix, enabled, previous } = key;
  const time = (ms: number | undefined) => (ms === undefined ? null : isoTime(ms));
  const state = stateOf(key, nowMs);
  return {
    ...{ id, name, prefix, enabled, state },
    owner: key.owner ?? null,
    note: key.note ?? null,
    usable: state === 'active',
    createdAt: isoTime(key.createdAtMs),
    expiresAt: time(key.expiresAtMs),
    lastUsedAt: time(key.lastUsedAtMs),
    revokedAt: time(key.revokedAtMs),
    previousSecretUntil: previous && previous.validUntilMs > nowMs ? isoTime(previous.validUntilMs) : null,
    models: key.models ? [...key.models] : null,
    group: key.group ?? null,
    requestsPerMinute: key.requestsPerMinute ?? null,
    concurrency: key.concurrency ?? null,
    tokensPerMinute: key.tokensPerMinute ?? null,
    creditsPerDay: key.creditsPerDay ?? null,
    creditsPerMonth: key.creditsPerMonth ?? null,
  };
}

function stateOf({ enabled, revokedAtMs, expiresAtMs }: StoredKey, nowMs: number): KeyView['state'] {
  if (revokedAtMs !== undefined) return 'revoked';
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return 'expired';
  return enabled ? 'active' : 'disabled';
}
