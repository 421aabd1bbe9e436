/** Makes a capsule of a captured request. Pure: everything it knows comes in, and the capsule alone comes out. */

import { EventStreamDecoder } from '../framing/event-stream.ts';
import { ANSWER_HEADERS, type UpstreamExchange } from '../gateway/captures/capture.ts';
import type { CapturedRequest } from '../gateway/captures/ring.ts';
import { CAPSULE_FORMAT, type Capsule, type CapsuleAnswer, type CapsuleExchange, type Header } from './format.ts';
import { replaceBody, replaceDocuments, replaceRefusal, replaceReply } from './redact/bodies.ts';
import { headerPairs, replaceHeaders } from './redact/headers.ts';
import { Names } from './redact/names.ts';
import { keepingText, type Replacements, redacting } from './redact/replacements.ts';
import { isKnownKey } from './redact/words.ts';

export interface CapsuleOptions {
  /** Leaves texts and names as they are; secrets and ids of accounts go all the same. */
  readonly withText: boolean;
  /** For the hashes of names: see `Names`. */
  readonly salt: string;
  /** Of dragoman. */
  readonly version: string;
  readonly settings: readonly { readonly name: string; readonly value: unknown; readonly origin: string }[];
}

export function buildCapsule({ facts, capture }: CapturedRequest, options: CapsuleOptions): Capsule {
  const names = new Names(options.salt);
  const to = options.withText ? keepingText(names) : redacting(names);
  const { errorDetails, route } = facts;
  // The client's request first, so that its names are known by the time they occur elsewhere.
  const request = {
    method: facts.method,
    path: facts.routePath ?? '',
    headers: replaceHeaders(headerPairs(capture.headers), to),
    body: capture.body === undefined ? null : replaceBody(textOf(capture.body), to),
  };
  const account = (id: string) => names.ofId(id);
  const reply = Buffer.concat(capture.reply.map((piece) => Buffer.from(piece))).toString('utf8');
  return {
    capsule: CAPSULE_FORMAT,
    dragoman: options.version,
    text: options.withText ? 'kept' : 'filler',
    requestId: facts.id,
    receivedAt: new Date(facts.receivedMs).toISOString(),
    protocol: facts.protocol ?? null,
    outcome: facts.outcome,
    code: facts.code ?? null,
    error: errorDetails === undefined ? null : to.message(errorDetails),
    settings: maskedSettings(options.settings),
    request,
    upstream: capture.upstream.map((exchange) => upstreamOf(exchange, facts.receivedMs, to, account)),
    reply: {
      status: facts.status,
      firstByteMs: facts.firstByteMs ?? null,
      durationMs: facts.durationMs,
      body: replaceReply(reply, to),
    },
    route: route
      ? {
          account: account(route.accountId),
          model: replaceModel(route.modelId, to),
          conversation: to.id(route.conversationId),
          wireProfile: route.wireProfile,
          attempt: route.attempt,
          upstreamRequestId: route.upstreamRequestId === undefined ? null : to.id(route.upstreamRequestId),
          strategy: route.choice?.strategy ?? null,
        }
      : null,
    adjustments: (facts.adjustments ?? []).map(({ rule, path, before, after }) => ({
      rule,
      path: replacePath(path, to),
      before: before === undefined ? null : to.text(before),
      after: after === undefined ? null : to.text(after),
    })),
  };
}

function upstreamOf(
  exchange: UpstreamExchange,
  receivedMs: number,
  to: Replacements,
  account: (id: string) => string,
): CapsuleExchange {
  const { request, access, accountId, catalogue, sentMs } = exchange;
  const { body } = request;
  return {
    account: account(accountId),
    access: {
      kind: access.kind,
      region: access.region,
      profileArn: access.profileArn === undefined ? null : to.id(access.profileArn),
      wireProfile: access.wireProfile,
      readings: access.readings ? { ...access.readings } : null,
    },
    catalogue: catalogue ?? null,
    expectsClosingEvents: exchange.expectsClosingEvents,
    afterMs: sentMs - receivedMs,
    request: {
      method: request.method,
      url: replaceUrl(request.url, to),
      headers: replaceHeaders(Object.entries(request.headers), to),
      body: body === undefined ? null : replaceBody(textOf(body), to),
    },
    answer: answerOf(exchange, to),
  };
}

function answerOf({ answer, chunks, end, sentMs }: UpstreamExchange, to: Replacements): CapsuleAnswer | null {
  if (answer === undefined) return null;
  const headers = ANSWER_HEADERS.flatMap((name): Header[] => {
    const value = answer.header(name);
    return value === undefined ? [] : [[name, value]];
  });
  const common = { status: answer.status, headers: replaceHeaders(headers, to), end };
  if (!answer.header('content-type')?.includes('eventstream')) {
    const body = Buffer.concat(chunks.map(({ bytes }) => bytes)).toString('utf8');
    return { ...common, frames: [], body: replaceRefusal(body, to), rest: { kind: 'none', bytes: 0 } };
  }
  const decoder = new EventStreamDecoder();
  const frames: { afterMs: number; headers: Record<string, string>; payload: string }[] = [];
  let undecodedBytes = 0;
  for (const { atMs, bytes } of chunks) {
    undecodedBytes += bytes.length;
    for (const frame of decoder.push(bytes)) {
      undecodedBytes -= frame.end - frame.start + FRAME_OVERHEAD;
      frames.push({ afterMs: atMs - sentMs, headers: headersOf(frame.headers.values, to), payload: frame.text() });
      undecodedBytes -= headerBytes(frame.headers.values);
    }
  }
  const payloads = replaceDocuments(
    frames.map(({ payload }) => payload),
    to,
  );
  const replaced = frames.map((frame, index) => ({ ...frame, payload: payloads[index] ?? '' }));
  const bytes = Math.max(0, undecodedBytes);
  const kind = decoder.error ? 'corrupt' : bytes > 0 ? 'cut' : 'none';
  return { ...common, frames: replaced, body: null, rest: { kind, bytes } };
}

/** The prelude and the checksums. */
const FRAME_OVERHEAD = 16;

type HeaderValues = ReadonlyMap<string, { readonly type: string; readonly value: unknown }>;

/** Text headers: the service sends no others. */
function headersOf(values: HeaderValues, to: Replacements): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, { type, value }] of values)
    if (type === 'string' && typeof value === 'string')
      headers[name.startsWith(':') ? name : to.name(name)] = FRAME_WORD.test(value) ? value : to.message(value);
  return headers;
}

/** Kinds of messages and events, names of exceptions, media types. */
const FRAME_WORD =
  /^(?:event|exception|error|initial-response|[a-zA-Z]+Event|(?:[\w.]+#)?[A-Za-z]+(?:Exception|Error|Exceeded)|application\/json|application\/x-amz-json-1\.[01]|text\/plain)$/;

function headerBytes(values: HeaderValues): number {
  let bytes = 0;
  for (const [name, { value }] of values)
    bytes += 1 + Buffer.byteLength(name) + 1 + 2 + Buffer.byteLength(String(value));
  return bytes;
}

/** Hosts of the service are public; others are a user's own. */
function replaceUrl(url: string, to: Replacements): string {
  const { protocol, host, pathname, searchParams } = new URL(url);
  const shownHost = /(?:^|\.)(?:amazonaws\.com|kiro\.dev)$|^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host)
    ? host
    : to.text(host);
  const path = pathname.replaceAll(/[^/]+/g, (part) =>
    /^[A-Za-z-]{1,40}$|\.amazonaws\.com$|\.kiro\.dev$/.test(part) ? part : to.text(part),
  );
  const query = [...searchParams].map(([name, value]) => `${name}=${encodeURIComponent(to.id(value))}`).join('&');
  return `${protocol}//${shownHost}${path}${query === '' ? '' : `?${query}`}`;
}

function replaceModel(model: string, to: Replacements): string {
  const replaced: unknown = JSON.parse(replaceBody(JSON.stringify({ model }), to)).model;
  return String(replaced);
}

/** `messages[2].content[0].input.path`: the keys may be names of properties. */
function replacePath(path: string, to: Replacements): string {
  return path.replaceAll(/[^.[\]]+/g, (part) => (isKnownKey(part) || /^\d+$/.test(part) ? part : to.name(part)));
}

/** Text settings that name a choice rather than a place, a person or a secret. */
const SHOWN_TEXT = /^(?:[a-z]+(?:-[a-z0-9]+){0,3})$/;
const SHOWN_SETTINGS =
  /^DRAGOMAN_(?:CAPSULES|CODE_REFERENCES|UNKNOWN_MODELS|STRATEGY|WIRE_PROFILE|LOG_LEVEL|LOG_FORMAT|METRICS|REGION|WORKERS)$/;

function maskedSettings(settings: CapsuleOptions['settings']): Capsule['settings'] {
  return settings
    .filter(({ origin }) => origin !== 'default')
    .map(({ name, value }) => ({ name, value: isShown(name, value) ? value : '••••••••' }));
}

function isShown(name: string, value: unknown): boolean {
  if (typeof value === 'boolean' || typeof value === 'number') return true;
  return typeof value === 'string' && SHOWN_SETTINGS.test(name) && SHOWN_TEXT.test(value);
}

function textOf(bytes: string | Uint8Array): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8');
}
