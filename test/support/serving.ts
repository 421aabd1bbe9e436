/** A scripted gateway behind a real server, and a client that sees every byte. */
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { GatewayError } from '../../src/core/errors.ts';
import { SILENT } from '../../src/core/log.ts';
import type { Catalogue } from '../../src/core/models.ts';
import type { ReplyEvent } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';
import { estimated, measured } from '../../src/core/usage.ts';
import { AdminSessions } from '../../src/gateway/admin-access/sessions.ts';
import { AuditTrail } from '../../src/gateway/audit/trail.ts';
import { EventFeed } from '../../src/gateway/events/event-feed.ts';
import type { Answer, AskRequest, Gateway } from '../../src/gateway/ports.ts';
import { BodyBudget } from '../../src/http/body-budget.ts';
import type { RunningServer, ServerOptions } from '../../src/http/ports.ts';
import { startServer } from '../../src/http/server.ts';
import { createFakeClock } from './fake-clock.ts';
import { createFakeResponses } from './fake-responses.ts';
import { checkOfKeys } from './key-check.ts';

const USAGE = { inputTokens: measured(12), outputTokens: measured(3) };
export const END: ReplyEvent = { type: 'reply-end', stopReason: 'end-turn', stopSequence: undefined, usage: USAGE };

/** The batches of a text reply, one per piece. */
export function textReply(...pieces: string[]): ReplyEvent[][] {
  const deltas = pieces.map((piece): ReplyEvent[] => [{ type: 'text-delta', text: TextPiece.plain(piece) }]);
  return [
    [{ type: 'reply-start', inputTokens: estimated(10) }, { type: 'text-start' }, ...(deltas.shift() ?? [])],
    ...deltas,
    [{ type: 'text-end' }, END],
  ];
}

export interface FakeGateway extends Gateway {
  readonly requests: { request: AskRequest; signal: AbortSignal }[];
  /** The result of `ask`: batches, a failure, or the function's result. */
  reply:
    | readonly (readonly ReplyEvent[])[]
    | GatewayError
    | ((request: AskRequest, signal: AbortSignal) => Promise<Answer>);
  catalogue: Catalogue | GatewayError;
  accounts: { ready: number; total: number; waiting?: number };
}

export function createFakeGateway(): FakeGateway {
  const gateway: FakeGateway = {
    requests: [],
    reply: textReply('Hello', ' world'),
    catalogue: { models: [], defaultModelId: undefined },
    accounts: { ready: 1, total: 2 },
    async ask(request, signal) {
      gateway.requests.push({ request, signal });
      const { reply } = gateway;
      if (reply instanceof Error) throw reply;
      return typeof reply === 'function' ? reply(request, signal) : answerOf(request, iterate(reply));
    },
    complete: async () => [],
    accountModels: () => [],
    countTokens: (conversation) => conversation.turns.length * 10,
    async models() {
      if (gateway.catalogue instanceof Error) throw gateway.catalogue;
      return gateway.catalogue;
    },
    status: async () => ({ ...gateway.accounts, hasToken: gateway.accounts.total > 0, tokenExpired: false }),
  };
  return gateway;
}

export function answerOf(request: AskRequest, batches: AsyncIterable<readonly ReplyEvent[]>): Answer {
  return {
    batches,
    adjustments: request.adjustments,
    route: {
      accountId: 'acc_1',
      modelId: 'claude-sonnet-4.5',
      conversationId: 'c0',
      wireProfile: 'q-rest',
      attempt: 1,
      upstreamRequestId: 'up-1',
    },
  };
}

async function* iterate(batches: readonly (readonly ReplyEvent[])[]) {
  for (const batch of batches) {
    await new Promise((resolve) => setImmediate(resolve));
    yield batch;
  }
}

/** Batches that the test pushes by hand. */
export function createPushed() {
  const waiting: ((result: IteratorResult<readonly ReplyEvent[]>) => void)[] = [];
  const ready: (readonly ReplyEvent[])[] = [];
  let pulls = 0;
  let returned = false;
  let ended = false;
  const batches: AsyncIterableIterator<readonly ReplyEvent[]> = {
    [Symbol.asyncIterator]: () => batches,
    next: () => {
      pulls += 1;
      const value = ready.shift();
      if (value) return Promise.resolve({ value, done: false });
      if (ended) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve) => waiting.push(resolve));
    },
    return: async () => {
      returned = true;
      return { value: undefined, done: true };
    },
  };
  return {
    batches,
    push(...batch: ReplyEvent[]) {
      const next = waiting.shift();
      if (next) next({ value: batch, done: false });
      else ready.push(batch);
    },
    end() {
      ended = true;
      waiting.shift()?.({ value: undefined, done: true });
    },
    get pulls() {
      return pulls;
    },
    get returned() {
      return returned;
    },
  };
}

type FakeServerOptions = Partial<Omit<ServerOptions, 'apiKeys'>> & { readonly apiKeys?: readonly string[] };

/** Keys in the form of the settings. */
export function fixedKeys(keys: readonly string[]): ServerOptions['apiKeys'] {
  const check = checkOfKeys(...keys);
  return {
    isEmpty: keys.length === 0,
    usable: keys.length,
    identify: async (presented) => check(presented),
    identifyNow: check,
    find: () => undefined,
    restrictedKey: () => undefined,
    checkForChanges: async () => {},
  };
}

function unused(): never {
  throw new Error('This server has no admin API.');
}

export const NO_ADMIN: ServerOptions['admin'] = {
  isAdmin: async () => false,
  sessions: new AdminSessions({
    store: { find: async () => undefined, add: unused, recordUse: unused, remove: unused, removeAll: unused },
    clock: createFakeClock(),
    lifetimes: unused,
    tokenHash: async () => Buffer.alloc(32),
  }),
  redeemTicket: async () => false,
  removeTickets: unused,
  accounts: {
    readLatest: async () => {},
    list: unused,
    add: unused,
    remove: unused,
    setEnabled: unused,
    patch: unused,
    refresh: unused,
    forgetLearned: unused,
    limits: unused,
    readLimits: unused,
    discard: unused,
    restore: unused,
    trash: { list: unused },
    lastSkip: unused,
    planLimits: { state: unused, noteView: unused, readSoon: unused },
  },
  connections: { wireProfileOf: unused, testProxy: unused },
  findSignIns: unused,
  signIns: { start: unused, status: unused, claim: unused },
  listProfiles: unused,
  signInWithIam: unused,
  keys: {
    list: unused,
    create: unused,
    change: unused,
    rotate: unused,
    revoke: unused,
    forget: unused,
    catchUp: unused,
  },
  configuredKeys: 0,
  settings: () => [],
  readSettings: async () => {},
  changeSettings: unused,
  feed: new EventFeed(createFakeClock()),
  capsules: { mode: 'off', find: async () => undefined },
  alerts: { list: unused },
  webhooks: { test: unused, lastDelivery: unused },
  listWebhooks: () => [],
  audit: new AuditTrail({
    store: { add: unused, list: unused, prune: unused },
    clock: createFakeClock(),
    log: SILENT,
    keptDays: () => 1,
  }),
  idpHosts: [],
};

export function fakeServerOptions(
  gateway: Gateway,
  { apiKeys = [], ...options }: FakeServerOptions = {},
): ServerOptions {
  return {
    gateway,
    responses: createFakeResponses(),
    apiKeys: fixedKeys(apiKeys),
    keyLimiter: { admit: unused, use: unused },
    admin: NO_ADMIN,
    corsOrigins: [],
    limits: { maxBodyBytes: 1024 * 1024, bodies: new BodyBudget(16 * 1024 * 1024), pingIntervalMs: 10_000 },
    connections: { max: 1_000, writeTimeoutMs: 60_000 },
    version: '9.9.9',
    // Without a build: `/` says so.
    consoleFolder: '/nonexistent',
    docsFolder: resolve(import.meta.dirname, '../../docs'),
    clock: createFakeClock(),
    log: SILENT,
    checkStore: async () => {},
    resolveModel: (requested, { models }) => models.find(({ id }) => requested.startsWith(id)),
    ...options,
  };
}

export async function serve(gateway: Gateway, options: FakeServerOptions = {}): Promise<RunningServer> {
  const server = await startServer(fakeServerOptions(gateway, options), { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close(0));
  return server;
}

export interface ReceivedResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The chunks in which the text arrived. */
  readonly pieces: readonly string[];
  json(): unknown;
}

/** Sends exactly the given request, adding only the Host header. */
export function send(
  server: RunningServer,
  path: string,
  options: RequestOptions & { body?: string | Buffer } = {},
): Promise<ReceivedResponse> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: server.port, path, agent: false, ...rest }, (response) => {
      const pieces: string[] = [];
      response.setEncoding('utf8');
      response.on('data', (piece: string) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const text = pieces.join('');
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, text, pieces, json: () => JSON.parse(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export function post(
  server: RunningServer,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<ReceivedResponse> {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return send(server, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  });
}

export const CHAT = { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }] };
export const MESSAGES = { ...CHAT, max_tokens: 100 };
