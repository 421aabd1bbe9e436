/** The state shared by the readers of one request. */
import { GatewayError } from '../../core/errors.ts';
import type { Notes } from '../notes.ts';
import { refuse } from '../shape.ts';
import { CallIds } from './call-ids.ts';
import { ToolChanges } from './tool-changes.ts';
import { ToolNames } from './tool-names.ts';

/** The API that the client called. */
export type Api = 'openai-chat' | 'openai-responses' | 'anthropic';

/** The origin of a format. */
export type Dialect = Api | 'mcp' | 'ai-sdk' | 'gemini' | 'ollama' | 'qwen' | 'langchain';

/** Real content nests three levels: a result, a document, an image. */
const MAX_CONTENT_DEPTH = 8;

export class Reading {
  readonly api: Api;
  readonly notes: Notes;
  /**
   * Whether the turn that the model will answer is being read. Unreadable content there is rejected, so that the client
   * learns of it. In the history it is dropped with a note: the client sends it again with every later turn, and an
   * error would end the session.
   */
  isCurrentTurn = false;
  #depth = 0;
  // Created when needed: most chats have no tools.
  #names: ToolNames | undefined;
  #toolChanges: ToolChanges | undefined;
  #calls: CallIds | undefined;

  constructor(api: Api, notes: Notes) {
    this.api = api;
    this.notes = notes;
  }

  get names(): ToolNames {
    this.#names ??= new ToolNames();
    return this.#names;
  }

  get toolChanges(): ToolChanges {
    this.#toolChanges ??= new ToolChanges();
    return this.#toolChanges;
  }

  get changesTools(): boolean {
    return this.#toolChanges !== undefined;
  }

  get calls(): CallIds {
    this.#calls ??= new CallIds();
    return this.#calls;
  }

  /** Notes a format that belongs to another API. */
  spelled(dialect: Dialect, shape: string, at: string): void {
    if (dialect !== this.api) this.notes.addDialect(`${dialect} ${shape}`, at);
  }

  /**
   * The result of `read`. If it rejects a part of the history, `instead` reads that part; without `instead`, the part
   * is dropped with a note.
   */
  tolerate<T>(at: string, kind: string, read: () => T, instead: () => T): T;
  tolerate<T>(at: string, kind: string, read: () => T): T | undefined;
  tolerate<T>(at: string, kind: string, read: () => T, instead?: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!this.tolerates(error)) throw error;
      if (instead) return instead();
      this.notes.add('block-ignored', at, shortName(kind));
      return undefined;
    }
  }

  /** Whether the error rejects a part of the history. */
  tolerates(error: unknown): boolean {
    return !this.isCurrentTurn && error instanceof GatewayError;
  }

  /** Before nested content: the readers are recursive, so its depth is limited. `leave` comes after it. */
  enter(at: string): void {
    if (this.#depth >= MAX_CONTENT_DEPTH) throw refuse(at, `is nested deeper than ${MAX_CONTENT_DEPTH} blocks.`);
    this.#depth += 1;
  }

  leave(): void {
    this.#depth -= 1;
  }

  /** Reads program output like history, even in the current turn, because it stays in every later request. */
  asHistory<T>(read: () => T): T {
    const before = this.isCurrentTurn;
    this.isCurrentTurn = false;
    try {
      return read();
    } finally {
      this.isCurrentTurn = before;
    }
  }
}

/** A short identifier for a note; 'unknown' for anything else, so that notes carry no user text. */
export function shortName(name: unknown): string {
  return typeof name === 'string' && /^[\w.:/-]{1,64}$/.test(name) ? name : 'unknown';
}
