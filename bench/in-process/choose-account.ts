/**
 * Measures the cost of choosing an account, without sockets: a lease and its release, over pools of the sizes in its arguments,
 * each with its own store. Sends its figures and exits.
 */
import { NEW_ACCOUNT } from '../../src/accounts/health.ts';
import { DEFAULT_OPTIONS } from '../../src/accounts/options.ts';
import { Pool } from '../../src/accounts/pool.ts';
import type { NewAccount } from '../../src/accounts/ports.ts';
import { SILENT } from '../../src/core/log.ts';
import { openStore } from '../../src/storage/open.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { median } from '../statistics.ts';

export interface LeaseFigures {
  readonly accounts: number;
  readonly leaseUs: number;
}

const ROUNDS = 45;
const LEASES = 2_000;
const CONVERSATIONS = 500;

async function leaseUs(accounts: number): Promise<number> {
  const store = await openStore({
    url: 'sqlite::memory:',
    home: '/nowhere',
    secretKey: 'k'.repeat(32),
    clock: systemClock,
  });
  for (let index = 0; index < accounts; index++) await store.accounts.put(account(`aws-${index}`), index);
  const never = () => Promise.reject(new Error('the tokens of this benchmark do not expire'));
  const pool = await Pool.open({
    store: store.accounts,
    tokenRefresher: { refresh: never },
    openFile: () => ({ read: async () => undefined, write: never }),
    clock: systemClock,
    log: SILENT,
    strategy: 'sticky',
    maxErrorCount: 100,
    queueLimit: 1_000,
    queueTimeoutMs: 30_000,
    readLimits: never,
    wireProfileOf: () => 'q-rest',
    baseUrl: undefined,
    named: new Set(),
  });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await cpuUs(pool));
  await pool.close();
  await store.close();
  return median(times.slice(ROUNDS / 3)) / LEASES;
}

/** CPU time, so that other processes on the same core do not count. */
async function cpuUs(pool: Pool): Promise<number> {
  const tried = new Set<string>();
  const offers = () => true;
  const start = process.cpuUsage();
  for (let index = 0; index < LEASES; index++) {
    const lease = await pool.lease({ conversationId: `conversation-${index % CONVERSATIONS}`, tried, offers });
    lease.release(undefined);
  }
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

function account(id: string): NewAccount {
  return {
    id,
    label: id,
    source: { type: 'sign-in' },
    credential: { kind: 'social', refreshToken: id, region: 'us-east-1', profileArn: undefined },
    accessToken: { value: id, expiresAtMs: Date.now() + 86_400_000 },
    health: NEW_ACCOUNT,
    options: DEFAULT_OPTIONS,
  };
}

const figures: LeaseFigures[] = [];
for (const accounts of process.argv.slice(2).map(Number)) figures.push({ accounts, leaseUs: await leaseUs(accounts) });
process.send?.(figures);
process.disconnect?.();
