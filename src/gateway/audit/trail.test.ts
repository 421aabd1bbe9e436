import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createTestDatabase } from '../../../test/support/postgres.ts';
import { GatewayError } from '../../core/errors.ts';
import { SILENT } from '../../core/log.ts';
import { openStore } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import type { AuditStore } from './ports.ts';
import { AuditTrail, changesBetween } from './trail.ts';

const ACTOR = { type: 'token', address: '127.0.0.1' } as const;
const DAY_MS = 86_400_000;

const DATABASES: readonly (readonly [string, (home: string) => Promise<string>])[] = [
  ['SQLite', async (home) => `sqlite:${join(home, 'dragoman.db')}`],
  [
    'PostgreSQL',
    async () => {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      return database.url;
    },
  ],
];

describe.each(DATABASES)('the audit trail in %s', (_, makeUrl) => {
  async function openTrail() {
    const home = mkdtempSync(join(tmpdir(), 'dragoman-audit-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const store = await openStore({ url: await makeUrl(home), home, secretKey: 'k'.repeat(32), clock: systemClock });
    onTestFinished(() => store.close());
    const clock = createFakeClock();
    return {
      store: store.audit,
      clock,
      trail: new AuditTrail({ store: store.audit, clock, log: SILENT, keptDays: () => 30 }),
    };
  }

  it('lists the newest first, page by page, also of one millisecond', async () => {
    const { trail, clock } = await openTrail();
    for (let count = 0; count < 7; count++) {
      if (count === 4) clock.advance(1);
      const changes = [{ field: 'label', before: null, after: `label ${count}` }];
      await trail.record({ actor: ACTOR, action: 'account.change', target: `account-${count}`, changes });
    }
    const all = await trail.list(10, undefined);
    expect(all).toHaveLength(7);
    expect(
      all
        .slice(0, 3)
        .map(({ target }) => target)
        .toSorted(),
    ).toEqual(['account-4', 'account-5', 'account-6']);
    const pages = [await trail.list(3, undefined), await trail.list(3, all[2]), await trail.list(3, all[5])];
    expect(pages.flat()).toEqual(all);
    expect(all.find(({ target }) => target === 'account-6')).toMatchObject({
      actor: ACTOR,
      changes: [{ field: 'label', before: null, after: 'label 6' }],
    });
  });

  it('removes what is older than the setting', async () => {
    const { trail, clock } = await openTrail();
    const record = (target: string) => trail.record({ actor: ACTOR, action: 'key.create', target, changes: [] });
    await record('old');
    clock.advance(20 * DAY_MS);
    await record('recent');
    clock.advance(10 * DAY_MS + 1);
    await record('new');
    expect((await trail.list(10, undefined)).map(({ target }) => target)).toEqual(['new', 'recent']);
  });

  it('keeps a bounded number of entries', async () => {
    const { store, trail, clock } = await openTrail();
    for (let count = 0; count < 6; count++) {
      clock.advance(1);
      await trail.record({ actor: ACTOR, action: 'key.create', target: `${count}`, changes: [] });
    }
    await store.prune(0, 4);
    expect((await trail.list(10, undefined)).map(({ target }) => target)).toEqual(['5', '4', '3', '2']);
  });
});

describe('an audit entry', () => {
  it('that cannot be stored is logged, and does not fail the change', async () => {
    const unavailable = async () => {
      throw new GatewayError('storage_unavailable', 'The disk is full.');
    };
    const store: AuditStore = { add: unavailable, list: unavailable, prune: unavailable };
    const errors: object[] = [];
    const log = { ...SILENT, error: (fields: object) => void errors.push(fields) };
    const trail = new AuditTrail({ store, clock: createFakeClock(), log, keptDays: () => 1 });
    await trail.record({ actor: ACTOR, action: 'key.revoke', target: 'key-1', changes: [] });
    expect(errors).toMatchObject([{ entry: { action: 'key.revoke', target: 'key-1' } }]);
  });

  it('has bounded values', async () => {
    const added: unknown[] = [];
    const store: AuditStore = {
      add: async (entry) => void added.push(entry),
      list: async () => [],
      prune: async () => {},
    };
    const trail = new AuditTrail({ store, clock: createFakeClock(), log: SILENT, keptDays: () => 1 });
    const changes = Array.from({ length: 60 }, () => ({ field: 'f'.repeat(200), before: 'x'.repeat(900), after: 1 }));
    await trail.record({ actor: ACTOR, action: 'key.change', target: 't'.repeat(300), changes });
    expect(JSON.stringify(added).length).toBeLessThan(40_000);
    expect(added).toMatchObject([{ changes: { length: 50 } }]);
  });

  it('names the fields that differ', () => {
    expect(changesBetween({ a: 1, b: [1], c: null }, { a: 1, b: [2], d: 'new' })).toEqual([
      { field: 'b', before: [1], after: [2] },
      { field: 'd', before: null, after: 'new' },
    ]);
    expect(changesBetween(undefined, { a: null, b: 0 })).toEqual([{ field: 'b', before: null, after: 0 }]);
  });
});
