/** A keep-alive client connection without an HTTP library: sends a request, observes the reply and reports its end. */
import { createConnection, type Socket } from 'node:net';
import { FIRST_TEXT } from '../upstream/replies.ts';
import { endsProperly, withoutChunking } from './check-reply.ts';
import type { Target } from './job.ts';

export interface ReplyWatcher {
  /** The first bytes of the reply's text have arrived. */
  firstText(): void;
  bytes?(chunk: Buffer): void;
  /** `body` is the body without HTTP chunking, if requested. */
  end(body: Buffer | undefined): void;
  failed(problem: string): void;
}

const TAIL_BYTES = 256;
const LAST_CHUNK = Buffer.from('\n0\r\n\r\n');

export class LoadConnection {
  readonly #dialect: Target['dialect'];
  readonly #socket: Socket;
  #watcher: ReplyWatcher | undefined;
  /** Bytes of incomplete headers. */
  #head: Buffer | undefined;
  #inHead = true;
  #sawText = false;
  #kept: Buffer[] | undefined;
  #tail: Buffer = Buffer.alloc(0);

  constructor({ host, port, dialect }: Target) {
    this.#dialect = dialect;
    this.#socket = createConnection({ host, port, noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('the connection was closed in the middle of a reply'));
  }

  /** One reply at a time. */
  ask(request: Buffer, watcher: ReplyWatcher, keep: boolean): void {
    this.#watcher = watcher;
    this.#inHead = true;
    this.#sawText = false;
    this.#kept = keep ? [] : undefined;
    this.#socket.write(request);
  }

  destroy(): void {
    this.#watcher = undefined;
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const chunk = this.#inHead ? this.#readHead(bytes) : bytes;
    const watcher = this.#watcher;
    if (!chunk || !watcher) return;
    if (!this.#sawText && chunk.includes(FIRST_TEXT)) {
      this.#sawText = true;
      watcher.firstText();
    }
    watcher.bytes?.(chunk);
    this.#kept?.push(chunk);
    this.#tail = chunk.length >= TAIL_BYTES ? chunk : Buffer.concat([this.#tail.subarray(-TAIL_BYTES), chunk]);
    if (this.#tail.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) this.#end(watcher);
  }

  /** Returns the bytes after the headers, or undefined if the headers are incomplete or unexpected. */
  #readHead(bytes: Buffer): Buffer | undefined {
    const all: Buffer = this.#head ? Buffer.concat([this.#head, bytes]) : bytes;
    const end = all.indexOf('\r\n\r\n');
    this.#head = end < 0 ? all : undefined;
    if (end < 0) return undefined;
    const head = all.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.1 200 ') || !/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#fail(`an unexpected response: ${all.toString('utf8', 0, 600)}`);
      return undefined;
    }
    this.#inHead = false;
    this.#tail = Buffer.alloc(0);
    // Keep the line break before the body, so that an empty body ends like any other.
    return all.subarray(end + 2);
  }

  #end(watcher: ReplyWatcher): void {
    this.#watcher = undefined;
    if (!this.#sawText) watcher.failed('the reply does not start with the expected text');
    else if (!endsProperly(this.#dialect, this.#tail)) watcher.failed('the reply is incomplete');
    else watcher.end(this.#kept && withoutChunking(Buffer.concat(this.#kept).subarray(2)));
  }

  #fail(problem: string): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.#socket.destroy();
    watcher?.failed(problem);
  }
}
