/** The state shared by the readers of one request. */
import { GatewayError } from '../../core/errors.ts';
import type { Notes } from '../notes.ts';
import { refuse } from '../shape.ts';
import { CallIds } from './call-ids.ts';
import { ToolChanges } from './tool-changes.ts';
import { ToolNames } from './tool-names.ts';

/** The dialect whose API the client has called. */
export type Api = 'openai-chat' | 'openai-responses' | 'anthropic';

/** Where a shape comes from. */
export type Dialect = Api | 'mcp' | 'ai-sdk' | 'gemini' | 'ollama' | 'qwen' | 'langchain';

/** A result of a message holds documents that hold images: more levels have no meaning. */
const MAX_CONTENT_DEPTH = 8;

export class Reading {
  readonly names = new ToolNames();
  readonly toolChanges = new ToolChanges();
  readonly calls = new CallIds();
  readonly api: Api;
  readonly notes: Notes;
  /**
   * The turn that the model is about to answer. What cannot be read there is refused, so that its author learns of it.
   * In the history it is left out with a note: the client sends it again with every later turn, and a refusal would end
   * the session.
   */
  isCurrentTurn = false;
  #depth = 0;

  constructor(api: Api, notes: Notes) {
    this.api = api;
    this.notes = notes;
  }

  /** Notes a shape that is not the called API's own. */
  spelled(dialect: Dialect, shape: string, at: string): void {
    if (dialect !== this.api) this.notes.addDialect(`${dialect} ${shape}`, at);
  }

  /**
   * The result of `read`. If it refuses a piece of the history, `instead` reads that piece; without it the piece is left
   * out with a note.
   */
  tolerate<T>(at: string, kind: string, read: () => T, instead: () => T): T;
  tolerate<T>(at: string, kind: string, read: () => T): T | undefined;
  tolerate<T>(at: string, kind: string, read: () => T, instead?: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (this.isCurrentTurn || !(error instanceof GatewayError)) throw error;
      if (instead) return instead();
      this.notes.add('block-ignored', at, shortName(kind));
      return undefined;
    }
  }

  /** Reads content inside content: bounded, because the readers are recursive and the client chooses the depth. */
  nested<T>(at: string, read: () => T): T {
    if (this.#depth >= MAX_CONTENT_DEPTH) throw refuse(at, `is nested deeper than ${MAX_CONTENT_DEPTH} blocks.`);
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Reads what a program wrote, not the client's user: it is in the history for good, even in the current turn. */
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

/** A name for a note: never longer than a type is, and never a sentence. */
export function shortName(name: unknown): string {
  return typeof name === 'string' && /^[\w.:/-]{1,64}$/.test(name) ? name : 'unknown';
}
