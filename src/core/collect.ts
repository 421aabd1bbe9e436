/** Folds a reply's events into a complete reply, for every unstreamed response. */
import { GatewayError } from './errors.ts';
import { Fragments } from './fragments.ts';
import type { RefusalDetail, ReplyEnd, ReplyEvent, Source, StopReason, TextCitation } from './reply.ts';
import { unreachable } from './unreachable.ts';
import type { Usage } from './usage.ts';
import type { WebSearchOutcome } from './web-search.ts';

export interface Reply {
  readonly blocks: readonly ReplyBlock[];
  readonly sources: readonly Source[];
  readonly stopReason: StopReason;
  readonly stopSequence: string | undefined;
  readonly usage: Usage;
  readonly refusal?: RefusalDetail | undefined;
}

export type ReplyBlock =
  | { readonly type: 'text'; readonly text: string; readonly citations?: readonly TextCitation[] }
  | { readonly type: 'reasoning'; readonly text: string; readonly signature: string | undefined }
  | { readonly type: 'redacted-reasoning'; readonly data: string }
  /** `json` is the input's JSON text as the model wrote it; `{}` if it wrote none. */
  | { readonly type: 'tool-use'; readonly toolUseId: string; readonly name: string; readonly json: string }
  | {
      readonly type: 'web-search';
      readonly searchId: string;
      readonly query: string;
      readonly outcome: WebSearchOutcome;
    };

/** Collects events until `reply-end`. `push` throws the error of a `reply-error`. */
export class ReplyCollector {
  readonly #blocks: ReplyBlock[] = [];
  readonly #sources: Source[] = [];
  #pieces = new Fragments();
  #citations: TextCitation[] = [];
  #toolUse: { toolUseId: string; name: string } | undefined;
  #end: ReplyEnd | undefined;

  push(event: ReplyEvent): void {
    switch (event.type) {
      case 'reply-start':
        return;
      case 'text-start':
      case 'reasoning-start':
        this.#pieces = new Fragments();
        return;
      case 'tool-use-start':
        this.#pieces = new Fragments();
        this.#toolUse = { toolUseId: event.toolUseId, name: event.name };
        return;
      case 'text-delta':
      case 'reasoning-delta':
        this.#pieces.push(event.text.plain);
        return;
      case 'tool-use-delta':
        this.#pieces.push(event.json.plain);
        return;
      case 'text-citation':
        this.#citations.push(event);
        return;
      case 'text-end':
        this.#endText();
        return;
      case 'reasoning-end':
        this.#blocks.push({ type: 'reasoning', text: String(this.#pieces), signature: event.signature });
        return;
      case 'redacted-reasoning':
        this.#blocks.push({ type: 'redacted-reasoning', data: event.data });
        return;
      case 'tool-use-end':
        if (this.#toolUse)
          this.#blocks.push({ type: 'tool-use', ...this.#toolUse, json: String(this.#pieces) || '{}' });
        return;
      case 'web-search-start':
        return;
      case 'web-search-end': {
        const { searchId, query, outcome } = event;
        this.#blocks.push({ type: 'web-search', searchId, query, outcome });
        return;
      }
      case 'source':
        this.#sources.push(event.source);
        return;
      case 'reply-end':
        this.#end = event;
        return;
      case 'reply-error':
        throw event.error;
      default:
        unreachable(event);
    }
  }

  #endText(): void {
    const citations = this.#citations;
    this.#citations = [];
    const text = String(this.#pieces);
    this.#blocks.push({ type: 'text', text, ...(citations.length === 0 ? {} : { citations }) });
  }

  /** Throws `upstream_broken` if the events stopped before `reply-end`. */
  reply(): Reply {
    const end = this.#end;
    if (!end) throw new GatewayError('upstream_broken', 'The upstream reply stopped before its end.');
    const { stopReason, stopSequence, usage, refusal } = end;
    return { blocks: this.#blocks, sources: this.#sources, stopReason, stopSequence, usage, refusal };
  }
}

export async function collectReply(batches: AsyncIterable<readonly ReplyEvent[]>): Promise<Reply> {
  const collector = new ReplyCollector();
  for await (const events of batches) for (const event of events) collector.push(event);
  return collector.reply();
}
