/**
 * The text of one request and its reply, collected while they pass: only where the settings keep it. Its size is bounded,
 * so that a thousand open requests cannot fill the memory.
 */
import { Fragments } from '../core/fragments.ts';
import type { ReplyEvent } from '../core/reply.ts';

/** Of a body that is longer, its beginning (the instructions) and its end (the newest messages) are kept. */
const REQUEST_HEAD_BYTES = 32 * 1024;
const REQUEST_TAIL_BYTES = 96 * 1024;
/** Longer than any model's reply, but for a few. In characters. */
const MAX_REPLY = 64 * 1024;
/** Between choices, and between the blocks of a reply. */
const SEPARATOR = '\n\n';

export interface RequestText {
  /** The body as the client sent it. */
  readonly request: string;
  /** Text, reasoning and tool calls, in the order of the reply. */
  readonly reply: string;
  /** Parts of the request or the reply were left out. */
  readonly isCut: boolean;
}

export class RecordedText {
  #request = '';
  readonly #replies: ReplyText[] = [];
  #isCut = false;
  #isDropped = false;

  /** `body`: decompressed. Copies what it keeps. */
  takeRequest(body: Buffer): void {
    const { length } = body;
    this.#isCut = length > REQUEST_HEAD_BYTES + REQUEST_TAIL_BYTES;
    if (!this.#isCut) {
      this.#request = body.toString('utf8');
      return;
    }
    const left = length - REQUEST_HEAD_BYTES - REQUEST_TAIL_BYTES;
    // A cut character becomes U+FFFD at either end.
    const head = body.toString('utf8', 0, REQUEST_HEAD_BYTES).replace(/\ufffd+$/, '');
    const tail = body.toString('utf8', length - REQUEST_TAIL_BYTES).replace(/^\ufffd+/, '');
    this.#request = `${head}\n[… ${left} bytes left out …]\n${tail}`;
  }

  /** Takes the events of a further choice of the reply. */
  addReply(): ReplyText {
    const reply = new ReplyText();
    this.#replies.push(reply);
    return reply;
  }

  /** Forgets everything, because there is no room for it. */
  drop(): void {
    this.#isDropped = true;
    this.#request = '';
    this.#replies.length = 0;
  }

  /** The characters of `text`. */
  get size(): number {
    const between = SEPARATOR.length * Math.max(0, this.#replies.length - 1);
    return this.#replies.reduce((sum, { size }) => sum + size, this.#request.length + between);
  }

  /** Undefined if there is none, because the request was refused before its body was read, or because it was dropped. */
  get text(): RequestText | undefined {
    if (this.#isDropped || (this.#request === '' && this.#replies.length === 0)) return undefined;
    const isCut = this.#isCut || this.#replies.some((reply) => reply.isCut);
    return { request: this.#request, reply: this.#replies.map(String).join(SEPARATOR), isCut };
  }
}

export class ReplyText {
  readonly #pieces = new Fragments();
  size = 0;
  isCut = false;

  take(events: readonly ReplyEvent[]): void {
    for (const event of events) this.#take(event);
  }

  toString(): string {
    return String(this.#pieces);
  }

  #take(event: ReplyEvent): void {
    switch (event.type) {
      case 'text-start':
        this.#begin('');
        break;
      case 'reasoning-start':
        this.#begin('[reasoning] ');
        break;
      case 'tool-use-start':
        this.#begin(`[tool call ${event.name}] `);
        break;
      case 'web-search-start':
        this.#begin(`[web search] ${event.query}`);
        break;
      case 'text-delta':
      case 'reasoning-delta':
        this.#add(event.text.plain);
        break;
      case 'tool-use-delta':
        this.#add(event.json.plain);
        break;
      default:
        break;
    }
  }

  #begin(label: string): void {
    this.#add(this.size === 0 ? label : SEPARATOR + label);
  }

  #add(text: string): void {
    const room = MAX_REPLY - this.size;
    if (text.length > room) this.isCut = true;
    if (room <= 0 || text === '') return;
    this.#pieces.push(text.slice(0, room));
    this.size += Math.min(room, text.length);
  }
}

/** Passes the batches on, and gives them to `reply` too. */
export async function* alsoTakenBy(
  batches: AsyncIterable<readonly ReplyEvent[]>,
  reply: ReplyText,
): AsyncGenerator<readonly ReplyEvent[], void> {
  for await (const events of batches) {
    reply.take(events);
    yield events;
  }
}
