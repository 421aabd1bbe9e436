import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createTestDatabase } from '../../../test/support/postgres.ts';
import { openStore } from '../../storage/open.ts';
import { systemClock } from '../../transport/clock.ts';
import { Alerts } from './alerts.ts';
import type { AlertFacts } from './conditions.ts';
import type { Notice } from './webhook-message.ts';

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

async function openAlerts(makeUrl: (home: string) => Promise<string>) {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-alerts-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const store = await openStore({ url: await makeUrl(home), home, secretKey: 'k'.repeat(32), clock: systemClock });
  onTestFinished(() => store.close());
  const clock = createFakeClock();
  const facts = { signedOut: false, noneReady: false };
  const toFacts = async (): Promise<AlertFacts> => ({
    accounts: [
      {
        ...{ id: 'aws-1', label: 'work' },
        isReady: !facts.signedOut && !facts.noneReady,
        state: facts.signedOut
          ? { status: 'signed-out' }
          : { status: 'cooling', untilMs: 1, reason: 'upstream_throttled' },
      },
      { id: 'aws-2', label: 'home', isReady: !facts.noneReady, state: { status: 'ready' } },
    ],
    budgets: [],
    rate: { requests: 0, failed: 0, minutes: 5, limitPercent: 20 },
  });
  const createProcess = () => {
    const sent: string[] = [];
    const events: object[] = [];
    const alerts = new Alerts({
      store: store.alerts,
      clock,
      feed: { publish: (_type, data) => void events.push(data) },
      webhooks: { send: (notice) => void sent.push(shown(notice)) },
      facts: toFacts,
      toEvent: ({ id, endedAtMs }) => ({ id, ended: endedAtMs !== undefined }),
    });
    return { alerts, sent, events };
  };
  const pass = async (ms: number, ...processes: readonly { readonly alerts: Alerts }[]) => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      clock.advance(5_000);
      for (const { alerts } of processes) await alerts.check();
    }
  };
  return { clock, facts, createProcess, pass };
}

function shown(notice: Notice): string {
  if (notice.type === 'test') return 'test';
  return `${notice.alert.endedAtMs === undefined ? 'begun' : 'ended'} ${notice.alert.id}`;
}

describe.each(DATABASES)('alerts in %s', (_, makeUrl) => {
  it('begin once, end once, and begin again', async () => {
    const { facts, createProcess, pass } = await openAlerts(makeUrl);
    const process = createProcess();
    await pass(5_000, process);
    facts.signedOut = true;
    await pass(120_000, process);
    expect(process.sent).toEqual(['begun account-signed-out:aws-1']);
    expect((await process.alerts.list()).map(({ id, endedAtMs }) => [id, endedAtMs])).toEqual([
      ['account-signed-out:aws-1', undefined],
    ]);
    facts.signedOut = false;
    await pass(55_000, process);
    expect(process.sent).toHaveLength(1);
    await pass(10_000, process);
    facts.signedOut = true;
    await pass(5_000, process);
    expect(process.sent).toEqual([
      'begun account-signed-out:aws-1',
      'ended account-signed-out:aws-1',
      'begun account-signed-out:aws-1',
    ]);
    expect(process.events).toEqual([false, true, false].map((ended) => ({ id: 'account-signed-out:aws-1', ended })));
  });

  it('are one alert while a condition comes and goes', async () => {
    const { facts, createProcess, pass } = await openAlerts(makeUrl);
    const process = createProcess();
    for (let count = 0; count < 6; count++) {
      facts.signedOut = !facts.signedOut;
      await pass(25_000, process);
    }
    expect(process.sent).toEqual(['begun account-signed-out:aws-1']);
  });

  it('wait for half a minute before they say that no account is ready', async () => {
    const { facts, createProcess, pass } = await openAlerts(makeUrl);
    const process = createProcess();
    facts.noneReady = true;
    await pass(25_000, process);
    expect(process.sent).toEqual([]);
    await pass(10_000, process);
    expect(process.sent).toEqual(['begun no-account-ready']);
  });

  it('are sent by one of several processes, shown by all, and continued when that one ends or restarts', async () => {
    const { facts, createProcess, pass } = await openAlerts(makeUrl);
    const [one, other] = [createProcess(), createProcess()];
    await pass(5_000, one, other);
    facts.signedOut = true;
    await pass(30_000, one, other);
    expect([one.sent, other.sent]).toEqual([['begun account-signed-out:aws-1'], []]);
    expect(other.events).toEqual(one.events);
    expect(one.events).toHaveLength(1);
    await pass(90_000, other);
    const restarted = createProcess();
    await pass(30_000, other, restarted);
    expect([other.sent, restarted.sent, restarted.events]).toEqual([[], [], []]);
    facts.signedOut = false;
    await pass(70_000, other, restarted);
    expect([other.sent, restarted.sent]).toEqual([['ended account-signed-out:aws-1'], []]);
    await other.alerts.close();
    facts.signedOut = true;
    await pass(25_000, restarted);
    expect(restarted.sent).toEqual(['begun account-signed-out:aws-1']);
  });
});
