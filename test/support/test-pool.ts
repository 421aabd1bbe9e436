/** The complete gateway with several accounts, in its own database that a test can read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NEW_ACCOUNT } from '../../src/accounts/health.ts';
import { type AccountOptions, DEFAULT_OPTIONS } from '../../src/accounts/options.ts';
import type { Account, NewAccount } from '../../src/accounts/ports.ts';
import type { SimulatedAccount } from '../../src/simulator/identities.ts';
import type { SimulatorOptions } from '../../src/simulator/server.ts';
import { openStore, type Store } from '../../src/storage/open.ts';
import { systemClock } from '../../src/transport/clock.ts';
import { type GatewayOptions, NO_ACCOUNT, startTestGateway, type TestGateway } from './test-gateway.ts';

const SECRET_KEY = 'a key for tests, long enough to be taken';
const FILLER = 'x'.repeat(100);

export interface TestPool extends TestGateway {
  /** Stops the gateway and the service; their state can still be read. */
  stop(): Promise<void>;
  /** For a command on the same database. */
  readonly env: Readonly<Record<string, string>>;
  /** From the store. */
  account(id: string): Promise<Account>;
  /** Number of chat requests with each account's token, by account. */
  chatsSeen(): Record<string, number>;
  /** Number of requests with an account's token, by operation, and of refreshes of its credential. */
  callsSeen(id: string): Record<string, number>;
}

export interface TestPoolOptions extends Omit<SimulatorOptions, 'accounts'>, GatewayOptions {
  readonly accounts: readonly (Partial<SimulatedAccount> & { readonly id: string })[];
  readonly options?: Readonly<Record<string, Partial<AccountOptions>>>;
  /** Accounts unknown to the simulator, stored before `accounts` and so older. */
  readonly unknown?: readonly NewAccount[];
}

export async function startTestPool(poolOptions: TestPoolOptions): Promise<TestPool> {
  const { accounts, options = {}, unknown = [], env, ...more } = poolOptions;
  const home = mkdtempSync(join(tmpdir(), 'dragoman-pool-'));
  const url = `sqlite:${join(home, 'dragoman.db')}`;
  const clock = more.gatewayClock ?? systemClock;
  const nowMs = clock.now();
  const store = await openStore({ url, home, secretKey: SECRET_KEY, clock });
  const simulated = accounts.map(toSimulated);
  // One after another: the first is the oldest.
  for (const account of unknown) await store.accounts.put(account, nowMs - 1);
  for (const [index, account] of simulated.entries())
    await store.accounts.put(toStored(account, options[account.id], nowMs), nowMs + index);
  const database = { DRAGOMAN_DATABASE_URL: url, DRAGOMAN_SECRET_KEY: SECRET_KEY, DRAGOMAN_HOME: home };
  const gateway = await startTestGateway({
    ...more,
    accounts: simulated,
    env: { ...database, ...NO_ACCOUNT, ...env },
  });
  const close = async () => {
    await gateway.close();
    await store.close();
    rmSync(home, { recursive: true });
  };
  const callsSeen = (id: string) => callsOf(gateway, simulated, id);
  return {
    ...gateway,
    stop: gateway.close,
    env: { ...database, DRAGOMAN_UPSTREAM_URL: gateway.simulator.url, DRAGOMAN_OIDC_URL: gateway.simulator.url },
    account: (id) => find(store, id),
    chatsSeen: () => Object.fromEntries(simulated.map(({ id }) => [id, callsSeen(id).GenerateAssistantResponse ?? 0])),
    callsSeen,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function find(store: Store, id: string): Promise<Account> {
  const account = await store.accounts.find(id);
  if (!account) throw new Error(`no account ${id}`);
  return account;
}

function toSimulated(account: Partial<SimulatedAccount> & { readonly id: string }): SimulatedAccount {
  const { id } = account;
  return {
    kind: 'builder-id',
    accessToken: `aoa-${id}-first`,
    refreshToken: `aor-${id}-first-${FILLER}`,
    clientId: `client-${id}`,
    clientSecret: `secret-${id}`,
    region: 'us-east-1',
    ...account,
  };
}

function toStored(account: SimulatedAccount, options: Partial<AccountOptions> = {}, nowMs: number): NewAccount {
  const { id, accessToken, refreshToken = '', clientId = '', clientSecret = '', region = 'us-east-1' } = account;
  const { startUrl, profileArn } = account;
  return {
    id,
    label: id,
    source: { type: 'sign-in' },
    credential: { kind: 'builder-id', refreshToken, clientId, clientSecret, region, startUrl, profileArn },
    accessToken: { value: accessToken, expiresAtMs: nowMs + 3_600_000 },
    health: NEW_ACCOUNT,
    options: { ...DEFAULT_OPTIONS, ...options },
  };
}

function callsOf(
  { simulator }: TestGateway,
  accounts: readonly SimulatedAccount[],
  id: string,
): Record<string, number> {
  const calls: Record<string, number> = {};
  const clientId = accounts.find((account) => account.id === id)?.clientId;
  for (const request of simulator.requests) {
    const { operation = 'unknown', rawBody } = request;
    const isRefresh = operation === 'CreateToken' && rawBody.includes(`"${clientId}"`);
    if (isRefresh || simulator.accountOf(request) === id) calls[operation] = (calls[operation] ?? 0) + 1;
  }
  return calls;
}
