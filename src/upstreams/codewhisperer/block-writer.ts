/**
 * Delimits the reply's blocks: opens and closes them so that the events always keep the grammar of core/reply.ts.
 * What a block means, and when a tool call is whole, others decide.
 */
import type { ReplyEnd, ReplyEvent, Source } from '../../core/reply.ts';
import type { TextPiece } from '../../core/text.ts';

export class BlockWriter {
  #events: ReplyEvent[] = [];
  #open: 'text' | 'reasoning' | 'tool-use' | undefined;
  #index = 0;
  /** Came inside a block; sources stand between blocks. */
  #sources: Source[] = [];
  #signature: string | undefined;
  #hasReasoningText = false;
  /** The last reasoning block ended without a signature. */
  #endedUnsigned = false;

  /** The events since the last call. */
  take(): ReplyEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  end(end: ReplyEnd): void {
    this.close();
    this.#events.push(end);
  }

  text(text: TextPiece): void {
    if (text.isEmpty) return;
    if (this.#open !== 'text') {
      this.close();
      this.#open = 'text';
      this.#events.push({ type: 'text-start', index: this.#index });
    }
    this.#events.push({ type: 'text-delta', index: this.#index, text });
  }

  reasoning(text: TextPiece): void {
    if (text.isEmpty) return;
    // Signed already: what follows is a reasoning of its own.
    if (this.#open === 'reasoning' && this.#signature !== undefined && this.#hasReasoningText) this.close();
    if (this.#open !== 'reasoning') this.#openReasoning();
    this.#hasReasoningText = true;
    this.#events.push({ type: 'reasoning-delta', index: this.#index, text });
  }

  /** False: the reasoning which a signature would belong to has ended without it. */
  get canSign(): boolean {
    return this.#open === 'reasoning' || !this.#endedUnsigned;
  }

  /** Signs the open reasoning, or the one which begins with this. */
  sign(signature: string): void {
    if (this.#open !== 'reasoning') this.#openReasoning();
    this.#signature = signature;
  }

  redactedReasoning(data: string): void {
    this.close();
    this.#events.push({ type: 'redacted-reasoning', index: this.#index, data });
    this.#index += 1;
  }

  toolUse(toolUseId: string, name: string): void {
    this.close();
    this.#open = 'tool-use';
    this.#events.push({ type: 'tool-use-start', index: this.#index, toolUseId, name });
  }

  toolInput(json: TextPiece): void {
    if (!json.isEmpty) this.#events.push({ type: 'tool-use-delta', index: this.#index, json });
  }

  source(source: Source): void {
    if (this.#open) this.#sources.push(source);
    else this.#events.push({ type: 'source', source });
  }

  /** Ends the open block, if there is one, and lets out the sources which waited for that. */
  close(): void {
    const index = this.#index;
    switch (this.#open) {
      case undefined:
        return;
      case 'text':
        this.#events.push({ type: 'text-end', index });
        break;
      case 'tool-use':
        this.#events.push({ type: 'tool-use-end', index });
        break;
      case 'reasoning':
        this.#events.push({ type: 'reasoning-end', index, signature: this.#signature });
        this.#endedUnsigned = this.#signature === undefined;
    }
    this.#open = undefined;
    this.#index += 1;
    for (const source of this.#sources) this.#events.push({ type: 'source', source });
    this.#sources = [];
  }

  #openReasoning(): void {
    this.close();
    this.#open = 'reasoning';
    this.#signature = undefined;
    this.#hasReasoningText = false;
    this.#events.push({ type: 'reasoning-start', index: this.#index });
  }
}
