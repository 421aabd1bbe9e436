/** A client API key as it is shown. Apart from the routes, since the command line shows keys without loading schemas. */
import { isoTime } from '../../core/times.ts';
import type { StoredKey } from '../../gateway/stored-keys.ts';
import type { KeyView } from './contract/key.ts';

/** What may be seen of a client API key: picked field by field, so nothing secret slips in with the rest. */
export function toKeyView(key: StoredKey, nowMs: number): KeyView {
  const { id, name, prefix, createdAtMs, expiresAtMs, lastUsedAtMs, revokedAtMs } = key;
  const time = (ms: number | undefined) => (ms === undefined ? null : isoTime(ms));
  return {
    ...{ id, name, prefix },
    createdAt: isoTime(createdAtMs),
    expiresAt: time(expiresAtMs),
    lastUsedAt: time(lastUsedAtMs),
    revokedAt: time(revokedAtMs),
    usable: revokedAtMs === undefined && (expiresAtMs === undefined || expiresAtMs > nowMs),
  };
}
