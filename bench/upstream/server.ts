/**
 * A stand-in for the service with minimal overhead: `node:net`, precomputed replies, one timer for all paced
 * streams. Unlike the simulator it checks nothing. run.ts starts it as a separate process, which reports its port.
 */
import { createServer, type Socket } from 'node:net';
import {
  ANSWER_HEAD,
  burstReply,
  closingFrames,
  eventFrame,
  FIRST_TEXT,
  httpChunk,
  LAST_CHUNK,
  monotonicUs,
  PacedFrame,
  wantedIn,
} from './replies.ts';

const MODELS = {
  models: ['auto', 'claude-sonnet-4.5'].map((modelId) => ({
    modelId,
    modelName: modelId,
    rateMultiplier: 1,
    rateUnit: 'Credit',
    supportedInputTypes: ['TEXT', 'IMAGE'],
    tokenLimits: { maxInputTokens: 200_000, maxOutputTokens: 64_000 },
  })),
  defaultModel: { modelId: 'auto', modelName: 'Auto' },
};

/** A socket with more unsent bytes than this skips its turn, because its reader is gone or stuck. */
const MAX_UNSENT_BYTES = 256 * 1024;
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

interface Stream {
  readonly socket: Socket;
  readonly frames: number;
  sent: number;
}

/** Streams of one pace, spread evenly over slots of a millisecond. */
class Ring {
  readonly #slots: Set<Stream>[];
  readonly #paced = new PacedFrame();
  #next = 0;
  #doneUntilMs = Math.floor(performance.now());

  constructor(everyMs: number) {
    this.#slots = Array.from({ length: everyMs }, () => new Set());
  }

  add(stream: Stream): void {
    // Steps of the golden ratio fill a ring evenly for any number of streams.
    this.#next = (this.#next + 0.618_033_988_749_895) % 1;
    const slot = this.#slots[Math.floor(this.#next * this.#slots.length)];
    slot?.add(stream);
    stream.socket.once('close', () => slot?.delete(stream));
  }

  sendDue(): void {
    const nowMs = Math.floor(performance.now());
    const fromMs = Math.max(this.#doneUntilMs, nowMs - this.#slots.length) + 1;
    for (let ms = fromMs; ms <= nowMs; ms++) {
      const slot = this.#slots[ms % this.#slots.length];
      if (slot) for (const stream of slot) this.#send(stream, slot);
    }
    this.#doneUntilMs = nowMs;
  }

  #send(stream: Stream, slot: Set<Stream>): void {
    if (stream.socket.writableLength > MAX_UNSENT_BYTES) return;
    stream.socket.write(this.#paced.chunk(monotonicUs(), stream.sent));
    stream.sent++;
    if (stream.sent < stream.frames) return;
    slot.delete(stream);
    stream.socket.write(PACED_END);
  }
}

const PACED_BEGIN = Buffer.concat([
  Buffer.from(ANSWER_HEAD),
  ...httpChunk(eventFrame('assistantResponseEvent', { content: FIRST_TEXT, modelId: 'claude-sonnet-4.5' })),
]);
const PACED_END = Buffer.concat([...closingFrames().flatMap(httpChunk), Buffer.from(LAST_CHUNK)]);
const bursts = new Map<number, Buffer>();
const rings = new Map<number, Ring>();

function answer(socket: Socket, head: string, body: Buffer): void {
  const wanted = wantedIn(body);
  if (!wanted) {
    socket.write(
      /ListAvailableModels/i.test(head) ? json(200, MODELS) : json(404, { message: 'not in this stand-in' }),
    );
    return;
  }
  if (wanted.kind === 'burst') {
    socket.write(burst(wanted.frames));
    return;
  }
  socket.write(PACED_BEGIN);
  ring(wanted.everyMs).add({ socket, frames: wanted.frames, sent: 0 });
}

function burst(frames: number): Buffer {
  const made = bursts.get(frames) ?? burstReply(frames).http;
  bursts.set(frames, made);
  return made;
}

function ring(everyMs: number): Ring {
  const found = rings.get(everyMs);
  if (found) return found;
  const made = new Ring(everyMs);
  rings.set(everyMs, made);
  setInterval(() => made.sendDue(), 1);
  return made;
}

function json(status: number, value: unknown): string {
  const text = JSON.stringify(value);
  return `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Not Found'}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Requests have a content-length and arrive one at a time per connection. */
function serve(socket: Socket): void {
  let held: Buffer | undefined;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let bytes = held ? Buffer.concat([held, chunk]) : chunk;
    for (;;) {
      const headEnd = bytes.indexOf('\r\n\r\n');
      if (headEnd < 0) break;
      const head = bytes.toString('latin1', 0, headEnd);
      const end = headEnd + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (bytes.length < end) break;
      answer(socket, head, bytes.subarray(headEnd + 4, end));
      bytes = bytes.subarray(end);
    }
    if (bytes.length > MAX_REQUEST_BYTES) socket.destroy();
    held = bytes.length > 0 ? bytes : undefined;
  });
}

const server = createServer(serve);
server.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1', backlog: 4096 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ type: 'listening', port: address.port });
});
// The parent has exited.
process.once('disconnect', () => process.exit(0));
