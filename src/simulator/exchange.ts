/** Reads a request, dispatches it to its operation and writes the response. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonValue } from '../core/json.ts';
import { type Answer, type Call, headerOf } from './call.ts';
import { Chance } from './chance.ts';
import { readAddress } from './hosts.ts';
import type { Journal, OpenRecord } from './journal.ts';
import { play } from './recording.ts';
import { Refused, writeRefusal } from './refusal.ts';
import { findRoute, handlerOf } from './routes.ts';
import { checkScripted } from './scripted-refusals.ts';
import { sendStream } from './send-stream.ts';
import { OidcRefused } from './sign-in/oidc.ts';
import type { World } from './world.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Handles one request from its first byte to its response. */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  world: World,
  journal: Journal,
): Promise<void> {
  const rawBody = await readBody(request);
  if (rawBody === 'gone') return;
  const call = openCall(request, rawBody === 'too-large' ? Buffer.alloc(0) : rawBody, world, journal.nextNumber());
  if (!world.recordings) response.setHeader('x-amzn-requestid', call.chance.uuid());
  const record = journal.start(call, response, world.now());
  if (world.recordings) return play(world.recordings[call.number - 1], response);
  try {
    if (rawBody === 'too-large') throw new Refused({ status: 413, message: 'Request Entity Too Large' }, 'body-size');
    checkScripted(call, world);
    await write(handlerOf(call.operation, world)(call), call, response, record, () => journal.noteCut(response));
  } catch (error) {
    refuse(error, call, response, record);
  }
}

function openCall(request: IncomingMessage, rawBody: Buffer, world: World, number: number): Call {
  const { method = 'GET', headers } = request;
  const url = URL.parse(request.url ?? '/', world.url) ?? new URL(world.url);
  const chance = new Chance(`${world.seed} request ${number}`);
  const { path, host, region } = readAddress(url.pathname, headers.host);
  return {
    number,
    ...findRoute(method, path, headerOf({ headers }, 'x-amz-target'), host, world.service.hosts),
    method,
    path,
    wirePath: url.pathname,
    region,
    query: url.searchParams,
    headers,
    rawHeaders: pairsOf(request.rawHeaders),
    rawBody,
    body: parse(rawBody),
    chance,
    conversationId: chance.uuid(),
  };
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([(raw[at] ?? '').toLowerCase(), raw[at + 1] ?? '']);
  return pairs;
}

async function write(
  answer: Answer,
  call: Call,
  response: ServerResponse,
  record: OpenRecord,
  onCut: () => void,
): Promise<void> {
  switch (answer.type) {
    case 'stream':
      record.status = 200;
      response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream', ...answer.headers });
      return sendStream(response, answer.pieces, call.chance, onCut);
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

function refuse(error: unknown, call: Call, response: ServerResponse, record: OpenRecord): void {
  const refused = error instanceof Refused ? error : brokenSimulator(error);
  const { status, headers, body } = writeRefusal(refused.refusal, call);
  record.refusedBy = { rule: refused.rule, detail: refused.detail };
  record.status = status;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, headers).end(refused instanceof OidcRefused ? JSON.stringify(refused.body) : body);
}

/** An error in the simulator must not look like one of the service. */
function brokenSimulator(error: unknown): Refused {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Refused(
    { status: 500, message: `Internal error in the simulator: ${detail}` },
    'simulator-broken',
    detail,
  );
}

function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'gone'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request
      .on('data', (chunk: Buffer) => {
        size += chunk.length;
        // Read to the end anyway, because a client that is still writing would not see the response.
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
