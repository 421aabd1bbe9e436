/**
 * The replies of the stand-in upstream, as bytes created once, and the text that must reach the client.
 * A request selects one by a mark in its text: `[burst 100]`, `[paced 600 every 200]` (frames, milliseconds).
 */
import { crc32 } from 'node:zlib';
import { encodeFrame } from '../../src/simulator/encode-frame.ts';
import { seededRandom } from '../statistics.ts';

export interface BurstReply {
  /** Event-stream bytes without HTTP chunking, as a byte pass-through must deliver them. */
  readonly body: Buffer;
  /** A complete HTTP response with one chunk per frame, as the service sends it. */
  readonly http: Buffer;
  readonly text: string;
  readonly frames: number;
}

/** The first frame's text begins with this, so that "time to first byte" measures the first text, not the headers. */
export const FIRST_TEXT = '@begin;';

export type Wanted =
  | { readonly kind: 'burst'; readonly frames: number }
  | { readonly kind: 'paced'; readonly frames: number; readonly everyMs: number };

export function markOf(wanted: Wanted): string {
  return wanted.kind === 'burst' ? `[burst ${wanted.frames}]` : `[paced ${wanted.frames} every ${wanted.everyMs}]`;
}

/** Reads the last mark in a request's body. */
export function wantedIn(body: Buffer): Wanted | undefined {
  const at = Math.max(body.lastIndexOf('[burst '), body.lastIndexOf('[paced '));
  if (at < 0) return undefined;
  const found = /^\[(burst|paced) (\d+)(?: every (\d+))?\]/.exec(body.toString('latin1', at, at + 40));
  if (!found) return undefined;
  const frames = Number(found[2]);
  return found[1] === 'burst'
    ? { kind: 'burst', frames }
    : { kind: 'paced', frames, everyMs: Number(found[3] ?? 1000) };
}

export const ANSWER_HEAD = [
  'HTTP/1.1 200 OK',
  'content-type: application/vnd.amazon.eventstream',
  'x-amzn-requestid: 5c1d3c52-0b5e-4a53-9f6b-2b1d4c9f7a10',
  'x-amzn-codewhisperer-conversation-id: 0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a11',
  'transfer-encoding: chunked',
  '\r\n',
].join('\r\n');
export const LAST_CHUNK = '0\r\n\r\n';

export function burstReply(frames: number): BurstReply {
  const pieces = textPieces(frames);
  const encoded = [
    eventFrame('messageMetadataEvent', { conversationId: '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a11', utteranceId: 'u-1' }),
    ...pieces.map((content) => eventFrame('assistantResponseEvent', { content, modelId: 'claude-sonnet-4.5' })),
    ...closingFrames(),
  ];
  const http = Buffer.concat([Buffer.from(ANSWER_HEAD), ...encoded.flatMap(httpChunk), Buffer.from(LAST_CHUNK)]);
  return { body: Buffer.concat(encoded), http, text: pieces.join(''), frames };
}

export function closingFrames(): Buffer[] {
  return [
    eventFrame('contextUsageEvent', { contextUsagePercentage: 3.25 }),
    eventFrame('metadataEvent', { stopReason: 'END_TURN' }),
    eventFrame('meteringEvent', { unit: 'credit', unitPlural: 'credits', usage: 0.0169543708291874 }),
  ];
}

const WORDS = (
  'the a of to stream frame bytes reply model token gateway reads writes each every quickly under over café naïve ' +
  '日本語 问答 "quoted" \\path\\to\\file `code` const await => {} [] naïveté — 🙂 line\nbreak tab\there'
).split(' ');

/** Pieces of about 20 characters, with quotes, line breaks and other languages as often as models write them. */
export function textPieces(count: number): string[] {
  const random = seededRandom(count);
  return Array.from({ length: count }, (_, index) => {
    let piece = index === 0 ? FIRST_TEXT : '';
    while (piece.length < 16) {
      // Half of all words are plain, so that special ones do not dominate.
      const reach = random() < 0.5 ? 20 : WORDS.length;
      piece += `${WORDS[Math.floor(random() * reach)] ?? 'word'} `;
    }
    return piece;
  });
}

export function eventFrame(type: string, payload: unknown): Buffer {
  return encodeFrame(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    Buffer.from(JSON.stringify(payload)),
  );
}

export function httpChunk(bytes: Uint8Array): Buffer[] {
  return [Buffer.from(`${bytes.length.toString(16)}\r\n`), Buffer.from(bytes), Buffer.from('\r\n')];
}

const STAMP_DIGITS = 16;

/** A paced frame's text: when it was sent (microseconds of the machine's monotonic clock) and its number. */
export function stampText(sentUs: number, sequence: number): string {
  return `@t${String(Math.floor(sentUs)).padStart(STAMP_DIGITS, '0')},${String(sequence).padStart(8, '0')}; ok, go on. `;
}

export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** Reuses one buffer for paced frames: only a frame's stamp and checksum change. */
export class PacedFrame {
  readonly #chunk: Buffer;
  readonly #frameAt: number;
  readonly #frameEnd: number;
  readonly #stampAt: number;

  constructor() {
    const frame = eventFrame('assistantResponseEvent', { content: stampText(0, 0), modelId: 'claude-sonnet-4.5' });
    this.#chunk = Buffer.concat(httpChunk(frame));
    this.#frameAt = this.#chunk.indexOf('\r\n') + 2;
    this.#frameEnd = this.#frameAt + frame.length;
    this.#stampAt = this.#chunk.indexOf('@t');
  }

  /** A fresh copy, ready for the socket. */
  chunk(sentUs: number, sequence: number): Buffer {
    const copy = Buffer.from(this.#chunk);
    copy.write(stampText(sentUs, sequence), this.#stampAt, 'latin1');
    const checksumAt = this.#frameEnd - 4;
    copy.writeUInt32BE(crc32(copy.subarray(this.#frameAt, checksumAt)), checksumAt);
    return copy;
  }
}

export interface Stamp {
  readonly sentUs: number;
  readonly sequence: number;
}

/** All complete stamps in some bytes, regardless of the surrounding JSON or framing. */
export function findStamps(bytes: Buffer): Stamp[] {
  const stamps: Stamp[] = [];
  for (let at = bytes.indexOf('@t'); at >= 0; at = bytes.indexOf('@t', at + 2)) {
    const text = bytes.toString('latin1', at + 2, at + 2 + STAMP_DIGITS + 1 + 8);
    if (/^\d{16},\d{8}$/.test(text)) {
      stamps.push({ sentUs: Number(text.slice(0, STAMP_DIGITS)), sequence: Number(text.slice(STAMP_DIGITS + 1)) });
    }
  }
  return stamps;
}
