/**
 * Writes the pieces of a reply to a socket. The seed determines where frames are cut into TCP writes, because clients must
 * not rely on a frame arriving in one piece.
 */
import type { ServerResponse } from 'node:http';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Piece } from './reply.ts';

/** Frames are buffered up to this size before they are written. */
const MAX_GATHERED_BYTES = 64 * 1024;

/** Resolves when the reply is sent or cut as planned (after calling `onCut`), or the client disconnects. */
export async function sendStream(
  response: ServerResponse,
  pieces: Iterable<Piece>,
  chance: Chance,
  onCut: () => void,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const out = new Gathered(response, chance);
  response.flushHeaders();
  for (const piece of pieces) {
    if (gone.signal.aborted) return;
    switch (piece.type) {
      case 'frame':
        await out.add(piece.bytes);
        break;
      case 'gap':
        await out.flush();
        await delay(piece.ms, undefined, { signal: gone.signal }).catch(() => {});
        break;
      case 'cut':
        if (piece.half) await out.add(piece.half);
        await out.flush();
        if (piece.how !== 'stall') onCut();
        return cut(response, piece.how, gone.signal);
    }
  }
  await out.flush();
  if (!response.destroyed) response.end();
}

async function cut(response: ServerResponse, how: 'reset' | 'end' | 'stall', gone: AbortSignal): Promise<void> {
  if (how === 'end') {
    response.end();
  } else if (how === 'reset') {
    // Closes in the middle of a chunked body. A TCP reset would also discard bytes in transit.
    response.socket?.destroySoon();
  } else if (!gone.aborted) {
    await new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
  }
}

class Gathered {
  readonly #response: ServerResponse;
  readonly #chance: Chance;
  #bytes: Buffer[] = [];
  #size = 0;

  constructor(response: ServerResponse, chance: Chance) {
    this.#response = response;
    this.#chance = chance;
  }

  async add(bytes: Buffer): Promise<void> {
    this.#bytes.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= MAX_GATHERED_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#bytes, this.#size);
    this.#bytes = [];
    this.#size = 0;
    const mostBytes = Math.max(1024, bytes.length / 8);
    for (let at = 0; at < bytes.length; ) {
      const size = this.#chance.integer(1, Math.floor(mostBytes));
      if (this.#response.destroyed) return;
      if (!this.#response.write(bytes.subarray(at, at + size))) await this.#drained();
      // Writes in one turn of the event loop would leave in one packet.
      await nextTurn();
      at += size;
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#response.off('drain', done).off('close', done);
        resolve();
      };
      this.#response.on('drain', done).on('close', done);
    });
  }
}
