/**
 * The neutral reply: what every upstream produces and every client protocol can write.
 *
 *   reply := reply-start (block | source)* reply-end      a reply-error may end it at any point
 *   block := X-start X-delta* X-end | redacted-reasoning  blocks never nest and never interleave
 *            web-search-start web-search-end              a text's citations come before its end
 *
 * A tool use's deltas concatenate to one JSON object's text, or to nothing (no input); the decoder checks that before it
 * sends `tool-use-end`.
 */
import type { GatewayError } from './errors.ts';
import type { TextPiece } from './text.ts';
import type { Figure, Usage } from './usage.ts';
import type { Citation, WebSearchOutcome } from './web-search.ts';

export type ReplyEvent =
  | ReplyStart
  | { readonly type: 'text-start' }
  | { readonly type: 'text-delta'; readonly text: TextPiece }
  | { readonly type: 'text-end' }
  | { readonly type: 'reasoning-start' }
  | { readonly type: 'reasoning-delta'; readonly text: TextPiece }
  | { readonly type: 'reasoning-end'; readonly signature: string | undefined }
  | { readonly type: 'redacted-reasoning'; readonly data: string }
  | { readonly type: 'tool-use-start'; readonly toolUseId: string; readonly name: string }
  | { readonly type: 'tool-use-delta'; readonly json: TextPiece }
  | { readonly type: 'tool-use-end' }
  /** The gateway searches the web for the model. */
  | { readonly type: 'web-search-start'; readonly searchId: string; readonly query: string }
  | WebSearchEnd
  | TextCitation
  | { readonly type: 'source'; readonly source: Source }
  | ReplyEnd
  | { readonly type: 'reply-error'; readonly error: GatewayError };

export interface WebSearchEnd {
  readonly type: 'web-search-end';
  readonly searchId: string;
  readonly query: string;
  readonly outcome: WebSearchOutcome;
}

export interface TextCitation {
  readonly type: 'text-citation';
  readonly citation: Citation;
  /** Unicode characters of the reply's text blocks before this one. */
  readonly textBefore: number;
}

export interface ReplyStart {
  readonly type: 'reply-start';
  /** An estimate before the model has replied; `reply-end` has the final figures. */
  readonly inputTokens: Figure;
}

export interface ReplyEnd {
  readonly type: 'reply-end';
  readonly stopReason: StopReason;
  /** The matching sequence, for stop reason `stop-sequence`. */
  readonly stopSequence: string | undefined;
  readonly usage: Usage;
  /** The reason, for stop reason `refusal`, if the upstream gives one. */
  readonly refusal?: RefusalDetail | undefined;
}

/** The upstream's own text, one line per field. */
export interface RefusalDetail {
  /** `REASONING_EXTRACTION` */
  readonly category: string | undefined;
  readonly explanation: string | undefined;
}

export type StopReason =
  | 'end-turn'
  | 'tool-use'
  | 'max-tokens'
  | 'stop-sequence'
  | 'refusal'
  /** The context window filled up during the reply. */
  | 'context-window';

/** A source of the reply, such as a web page. Not part of the text. */
export type Source =
  | { readonly type: 'web'; readonly url: string; readonly title: string; readonly snippet: string | undefined }
  | {
      readonly type: 'code';
      readonly licenseName: string | undefined;
      readonly repository: string | undefined;
      readonly url: string | undefined;
    }
  | { readonly type: 'document'; readonly title: string | undefined; readonly text: string | undefined };

/** True for events that the user can see: once one has been sent, no other account may be tried. */
export function isVisible(event: ReplyEvent): boolean {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return !event.text.isEmpty;
    case 'redacted-reasoning':
    case 'tool-use-start':
    case 'web-search-start':
      return true;
    default:
      return false;
  }
}
