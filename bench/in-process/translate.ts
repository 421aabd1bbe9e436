/**
 * Measures translation alone, without sockets: what a request of 1 MB takes on the event loop, and what a text frame costs if
 * its text is copied escaped or parsed and serialised again. Sends its figures and exits.
 *
 * Usage: node bench/in-process/translate.ts RUNS
 */
import { setImmediate } from 'node:timers/promises';
import type { ReplyEvent } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';
import { EventStreamDecoder } from '../../src/framing/event-stream.ts';
import { KnownBodies } from '../../src/http/known-bodies.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import type { ClientProtocol } from '../../src/protocols/protocol.ts';
import { median } from '../statistics.ts';
import { burstReply } from '../upstream/replies.ts';
import { encodeBody } from './encode-request.ts';
import { largeAnthropicBody, largeOpenaiBody, type Size } from './large-conversation.ts';
import { floorRequest } from './request-floor.ts';
import { replyTranslator } from './translate-reply.ts';

export interface TranslationFigures {
  readonly protocol: string;
  /** From the 1 MB of a request's body to the bytes for the service. `first` is the first run of a new process. */
  readonly largeRequestMs: { readonly median: number; readonly worst: number; readonly first: number };
  readonly largeRequestBytes: number;
  /** The next turn of the same conversation. */
  readonly nextTurnMs: number;
  /** The smallest program that translates the same body, and that of the next turn (request-floor.ts). */
  readonly floorMs: number;
  readonly nextTurnFloorMs: number;
  /** From the bytes of a text frame to the client's text. */
  readonly frameEscapedNs: number;
  readonly frameParsedNs: number;
  /** The usual way: JSON.parse of the payload, JSON.stringify of a Chat Completions chunk. */
  readonly frameObjectsNs: number;
}

const RUNS = Number(process.argv[2]);
/** The share of runs that does not count, since the engine is still compiling. */
const WARM_UP_SHARE = 0.25;
const TURNS = 200;
const FRAMES = 1000;

type BodyOf = (size: Partial<Size>) => string;

/** Each conversation is new, so that only its next turn can profit from what was kept. The floor is measured in turn with it. */
async function figuresOf(protocol: ClientProtocol, bodyOf: BodyOf): Promise<TranslationFigures> {
  const known = new KnownBodies();
  const timesMs: number[] = [];
  const nextTimesMs: number[] = [];
  const floorTimesMs: number[] = [];
  const nextFloorTimesMs: number[] = [];
  for (let variant = 0; variant < RUNS; variant++) {
    const body = Buffer.from(bodyOf({ turns: TURNS, variant }));
    const next = Buffer.from(bodyOf({ turns: TURNS + 2, variant }));
    timesMs.push(await requestMs(protocol, body, known));
    nextTimesMs.push(await requestMs(protocol, next, known));
    floorTimesMs.push(await floorMs(body));
    nextFloorTimesMs.push(await floorMs(next));
  }
  const warmOf = (times: readonly number[]) => times.slice(RUNS * WARM_UP_SHARE);
  const warm = warmOf(timesMs);
  const [first = Number.NaN] = timesMs;
  return {
    protocol: protocol.id,
    largeRequestMs: { median: median(warm), worst: Math.max(...warm), first },
    largeRequestBytes: Buffer.byteLength(bodyOf({ turns: TURNS })),
    nextTurnMs: median(warmOf(nextTimesMs)),
    floorMs: median(warmOf(floorTimesMs)),
    nextTurnFloorMs: median(warmOf(nextFloorTimesMs)),
    ...frameTimes(protocol),
  };
}

async function requestMs(protocol: ClientProtocol, body: Buffer, known: KnownBodies): Promise<number> {
  let startMs = 0;
  const begin = () => {
    startMs = performance.now();
  };
  if ((await encodeBody(protocol, body, known, begin)) === 0) throw new Error('the translation produced nothing');
  return performance.now() - startMs;
}

/** Like requestMs, in a turn of the event loop of its own. */
async function floorMs(body: Buffer): Promise<number> {
  await setImmediate();
  return timeMs(() => floorRequest(body).length);
}

/** Runs all variants in turn, so that none benefits from a warmer machine. */
function frameTimes(protocol: ClientProtocol): Pick<TranslationFigures, `frame${string}Ns` & keyof TranslationFigures> {
  const { body } = burstReply(FRAMES);
  const translate = replyTranslator(protocol);
  const escaped: number[] = [];
  const parsed: number[] = [];
  const objects: number[] = [];
  for (let run = 0; run < 300; run++) {
    escaped.push(timeMs(() => translate(body)));
    parsed.push(timeMs(() => translate(body, reprinted)));
    objects.push(timeMs(() => translateAsObjects(body)));
  }
  const frameNs = (timesMs: readonly number[]) => (median(timesMs.slice(100)) * 1e6) / FRAMES;
  return { frameEscapedNs: frameNs(escaped), frameParsedNs: frameNs(parsed), frameObjectsNs: frameNs(objects) };
}

/** The same event with its text parsed, so that the writer must serialise it. */
function reprinted(event: ReplyEvent): ReplyEvent {
  return event.type === 'text-delta' ? { ...event, text: TextPiece.plain(event.text.plain) } : event;
}

/** The usual way without neutral events, blocks, usage and errors, as a lower bound. */
function translateAsObjects(body: Buffer): number {
  let text = '';
  for (const frame of new EventStreamDecoder().push(body)) {
    const { content } = JSON.parse(frame.text());
    if (typeof content !== 'string') continue;
    const choices = [{ index: 0, delta: { content }, finish_reason: null }];
    text += `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
  }
  return Buffer.byteLength(text);
}

function timeMs(work: () => number): number {
  const startMs = performance.now();
  if (work() === 0) throw new Error('the translation produced nothing');
  return performance.now() - startMs;
}

const BODIES: Readonly<Record<string, BodyOf>> = {
  'openai-chat': largeOpenaiBody,
  'anthropic-messages': largeAnthropicBody,
};

const figures: TranslationFigures[] = [];
for (const protocol of PROTOCOLS) {
  const bodyOf = BODIES[protocol.id];
  if (bodyOf) figures.push(await figuresOf(protocol, bodyOf));
}
process.send?.(figures);
process.disconnect?.();
