/**
 * The upstream as a server: one listener on 127.0.0.1 for every host name, since paths and targets differ.
 * Nothing of dragoman's own encoder or decoder is used here, so that it can judge them.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from './exchange.ts';
import type { AccountState } from './identities.ts';
import { Journal, type RecordedRequest } from './journal.ts';
import type { ScriptedReply } from './script.ts';
import { type SimulatorOptions, World } from './world.ts';

export type { SimulatorOptions } from './world.ts';

export interface Simulator {
  readonly url: string;
  readonly port: number;
  /** All requests, or the latest `keepRequests`, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Only GenerateAssistantResponse and SendMessage. */
  readonly chatRequests: readonly RecordedRequest[];
  /** Resolves to the n-th request since the start, from 1, once it has been read. */
  waitForRequest(n: number): Promise<RecordedRequest>;
  /** Called when a response is complete or its client has disconnected. */
  onFinished(listener: (request: RecordedRequest) => void): void;
  /** Appends rules to the script. */
  addReplies(...replies: readonly ScriptedReply[]): void;
  clearReplies(): void;
  approve(userCode: string): void;
  deny(userCode: string): void;
  setAccount(id: string, change: AccountChange): void;
  /** Credits used so far, and the plan's limit. */
  creditsOf(id: string): { readonly used: number; readonly limit: number };
  spendCredits(id: string, credits: number): void;
  /** The id of the account whose bearer token the request carries or carried. */
  accountOf(request: RecordedRequest): string | undefined;
  /** Invalidates the access tokens issued so far; refresh tokens stay valid. */
  expireAccessTokens(id: string): void;
  /** Advances the clock for tokens, codes and rates. */
  advance(ms: number): void;
  /** Also closes open connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface AccountChange {
  readonly state?: AccountState;
  readonly creditsUsed?: number;
  readonly creditLimit?: number;
  readonly requestsPerMinute?: number;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const world = new World(options);
  const journal = new Journal(options.keepRequests ?? Number.POSITIVE_INFINITY);
  const server = createServer((request, response) => {
    void serve(request, response, world, journal);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // A listening TCP server has one.
  world.url = `http://127.0.0.1:${port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: world.url,
    port,
    requests: journal.requests,
    get chatRequests() {
      return journal.requests.filter(({ operation }) => operation !== undefined && CHATS.includes(operation));
    },
    waitForRequest: (n) => journal.waitFor(n),
    onFinished: (listener) => void journal.listeners.push(listener),
    addReplies: (...replies) => world.player.append(...replies),
    clearReplies: () => world.player.clear(),
    approve: (userCode) => world.signIns.decide(userCode, 'approved'),
    deny: (userCode) => world.signIns.decide(userCode, 'denied'),
    setAccount: (id, change) => changeAccount(world, id, change),
    creditsOf(id) {
      const { creditsUsed, creditLimit } = world.identities.accountState(id);
      return { used: creditsUsed, limit: creditLimit };
    },
    spendCredits(id, credits) {
      world.identities.accountState(id).creditsUsed += credits;
    },
    accountOf({ headers }) {
      const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
      return world.identities.ofAccessToken(token)?.account.id;
    },
    advance: (ms) => world.advance(ms),
    expireAccessTokens: (id) => world.identities.expireAccessTokens(id),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const CHATS: readonly string[] = ['GenerateAssistantResponse', 'SendMessage'];

function changeAccount(world: World, id: string, change: AccountChange): void {
  const accountState = world.identities.accountState(id);
  Object.assign(accountState, change);
  if (change.state === 'expired') world.identities.expireAccessTokens(id);
}
