import { describe, expect, it } from 'vitest';
import type { StoredKey } from '../stored-keys.ts';
import { keyFacts } from './key-facts.ts';

const NOW_MS = Date.UTC(2027, 0, 1);

function key(id: string, more: Partial<StoredKey> = {}): StoredKey {
  return {
    ...{ id, name: `name of ${id}`, prefix: id, hash: Buffer.alloc(32), createdAtMs: 0, enabled: true },
    ...{ owner: undefined, note: undefined, models: undefined, group: undefined, previous: undefined },
    ...{ expiresAtMs: undefined, revokedAtMs: undefined, lastUsedAtMs: undefined },
    ...{ requestsPerMinute: undefined, concurrency: undefined, tokensPerMinute: undefined },
    ...{ creditsPerDay: 10, creditsPerMonth: undefined },
    ...more,
  };
}

describe('the budgets of keys', () => {
  it('are watched for keys that can be used', async () => {
    const budgetsOf = async () => [{ period: 'day', used: 9, limit: 10, resetsAtMs: NOW_MS + 1 }] as const;
    const keys = [
      key('used'),
      key('disabled', { enabled: false }),
      key('revoked', { revokedAtMs: 1 }),
      key('expired', { expiresAtMs: NOW_MS }),
    ];
    expect(await keyFacts(keys, { budgetsOf }, NOW_MS)).toEqual([
      {
        subject: { kind: 'key', id: 'used', label: 'name of used' },
        ...{ period: 'day', used: 9, limit: 10, resetsAtMs: NOW_MS + 1 },
      },
    ]);
  });
});
