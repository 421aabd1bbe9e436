/**
 * The upstream as a server: one listener on 127.0.0.1 stands for every host name, since paths and targets differ.
 * Nothing of dragoman's own encoder or decoder is used here, so that it can judge them.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '../core/json.ts';
import { type Answer, type Call, headerOf, type RecordedRequest } from './call.ts';
import { Chance } from './chance.ts';
import type { AccountState } from './identities.ts';
import { Refused, writeRefusal } from './refusal.ts';
import { findRoute, handlerOf } from './routes.ts';
import type { ScriptedReply } from './script.ts';
import { sendStream } from './send-stream.ts';
import { OidcRefused } from './sign-in/oidc.ts';
import { type SimulatorOptions, World } from './world.ts';

export type { SimulatorOptions } from './world.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface Simulator {
  readonly url: string;
  readonly port: number;
  /** Every request, oldest first, or the latest `keepRequests`. */
  readonly requests: readonly RecordedRequest[];
  /** GenerateAssistantResponse and SendMessage alone. */
  readonly chatRequests: readonly RecordedRequest[];
  /** The n-th request since the start, from 1, as soon as it has been read. */
  waitForRequest(n: number): Promise<RecordedRequest>;
  /** Called whenever a request has been answered or its client has gone. */
  onFinished(listener: (request: RecordedRequest) => void): void;
  /** Further rules, after those there are. */
  addReplies(...replies: readonly ScriptedReply[]): void;
  clearReplies(): void;
  approve(userCode: string): void;
  deny(userCode: string): void;
  setAccount(id: string, change: AccountChange): void;
  /** Credits spent so far, and the plan's. */
  creditsOf(id: string): { readonly used: number; readonly limit: number };
  spendCredits(id: string, credits: number): void;
  /** The access tokens made so far are refused from now on; refresh tokens stay good. */
  expireAccessTokens(id: string): void;
  /** Breaks open connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface AccountChange {
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
  const { port } = server.address() as AddressInfo; // a listening TCP server always has one
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
      const { creditsUsed, creditLimit } = world.identities.standing(id);
      return { used: creditsUsed, limit: creditLimit };
    },
    spendCredits(id, credits) {
      world.identities.standing(id).creditsUsed += credits;
    },
    expireAccessTokens: (id) => world.identities.expireAccessTokens(id),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const CHATS: readonly string[] = ['GenerateAssistantResponse', 'SendMessage'];

function changeAccount(world: World, id: string, change: AccountChange): void {
  const standing = world.identities.standing(id);
  Object.assign(standing, change);
  if (change.state === 'expired') world.identities.expireAccessTokens(id);
}

type Open<T> = { -readonly [Member in keyof T]: T[Member] };

class Journal {
  readonly requests: RecordedRequest[] = [];
  readonly listeners: ((request: RecordedRequest) => void)[] = [];
  readonly #waiting: { readonly number: number; readonly resolve: (request: RecordedRequest) => void }[] = [];
  readonly #keep: number;
  #count = 0;

  constructor(keep: number) {
    this.#keep = keep;
  }

  nextNumber(): number {
    this.#count += 1;
    return this.#count;
  }

  add(request: RecordedRequest): void {
    this.requests.push(request);
    if (this.requests.length > this.#keep) this.requests.shift();
    for (const { number, resolve } of this.#waiting) if (number === request.number) resolve(request);
  }

  waitFor(number: number): Promise<RecordedRequest> {
    const there = this.requests.find((request) => request.number === number);
    return there ? Promise.resolve(there) : new Promise((resolve) => this.#waiting.push({ number, resolve }));
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  world: World,
  journal: Journal,
): Promise<void> {
  const number = journal.nextNumber();
  const rawBody = await readBody(request);
  if (rawBody === 'gone') return;
  const { method = 'GET', headers } = request;
  const url = new URL(request.url ?? '/', world.url);
  const route = findRoute(method, url.pathname, headerOf({ headers }, 'x-amz-target'));
  const chance = new Chance(`${world.seed} request ${number}`);
  const bytes = rawBody === 'too-large' ? Buffer.alloc(0) : rawBody;
  const body = parse(bytes);
  const call: Call = {
    number,
    operation: route.operation ?? '',
    flavour: route.flavour,
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    rawBody: bytes,
    body,
    chance,
    conversationId: chance.uuid(),
  };
  response.setHeader('x-amzn-requestid', chance.uuid());
  const record = startRecord(call, route.operation, response, world.now(), journal);
  try {
    if (rawBody === 'too-large') throw new Refused({ status: 413, message: 'Request Entity Too Large' }, 'body-size');
    const answer = handlerOf(route.operation, world)(call);
    await write(answer, call, response, record);
  } catch (error) {
    refuse(error, call, response, record);
  }
}

function startRecord(
  call: Call,
  operation: string | undefined,
  response: ServerResponse,
  receivedAtMs: number,
  journal: Journal,
): Open<RecordedRequest> {
  const { number, method, path, query, headers, body } = call;
  const finished = Promise.withResolvers<void>();
  const record: Open<RecordedRequest> = {
    ...{ number, method, path, headers, body, receivedAtMs, operation },
    rawBody: call.rawBody.toString('utf8'),
    query: Object.fromEntries(query),
    status: undefined,
    closedEarly: false,
    refusedBy: undefined,
    finished: finished.promise,
  };
  response.once('close', () => {
    record.closedEarly = !response.writableFinished && !CUT.has(response);
    finished.resolve();
    for (const listener of journal.listeners) listener(record);
  });
  journal.add(record);
  return record;
}

/** Answers which a script broke off: their end is the simulator's doing, not the client's. */
const CUT = new WeakSet<ServerResponse>();

async function write(
  answer: Answer,
  call: Call,
  response: ServerResponse,
  record: Open<RecordedRequest>,
): Promise<void> {
  switch (answer.type) {
    case 'stream':
      record.status = 200;
      response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream', ...answer.headers });
      return sendStream(response, answer.pieces, call.chance, () => CUT.add(response));
    case 'json': {
      const contentType = call.flavour === 'json' ? 'application/x-amz-json-1.0' : 'application/json';
      record.status = answer.status ?? 200;
      response.writeHead(record.status, { 'content-type': contentType, ...answer.headers });
      response.end(JSON.stringify(answer.body));
      return;
    }
    case 'page':
      record.status = answer.status ?? 200;
      response.writeHead(record.status, { 'content-type': 'text/html; charset=utf-8' }).end(answer.html);
      return;
    case 'redirect':
      record.status = 302;
      response.writeHead(302, { location: answer.location }).end();
  }
}

function refuse(error: unknown, call: Call, response: ServerResponse, record: Open<RecordedRequest>): void {
  const refused = error instanceof Refused ? error : brokenSimulator(error);
  const { status, headers, body } = writeRefusal(refused.refusal, call.flavour);
  record.refusedBy = { rule: refused.rule, detail: refused.detail };
  record.status = status;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, headers).end(refused instanceof OidcRefused ? JSON.stringify(refused.body) : body);
}

/** A fault of the simulator's own must not pass for one of the service's. */
function brokenSimulator(error: unknown): Refused {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Refused({ status: 500, message: `The simulator itself failed: ${detail}` }, 'simulator-broken', detail);
}

function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'gone'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request
      .on('data', (chunk: Buffer) => {
        size += chunk.length;
        // Read to the end all the same: a client which is still writing would not see the answer.
        if (size <= MAX_BODY_BYTES) chunks.push(chunk);
        else chunks.length = 0;
      })
      .on('end', () => resolve(size > MAX_BODY_BYTES ? 'too-large' : Buffer.concat(chunks)))
      .on('close', () => resolve('gone'));
  });
}

function parse(bytes: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
