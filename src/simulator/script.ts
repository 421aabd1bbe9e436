/**
 * What the simulated service answers, as data: a list of rules, tried in order for every chat request; without a
 * match the built-in model answers. JSON files of this shape are what `dragoman simulate --script` reads.
 */
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { ServiceVariant } from './service.ts';

export interface Script {
  readonly replies: readonly ScriptedReply[];
  /** The same for code at the cursor. */
  readonly completions?: readonly ScriptedCompletion[];
  /** The same for searches of the web. `false`: the account has none. */
  readonly searches?: readonly ScriptedSearch[] | false;
  readonly service?: ServiceVariant;
}

export interface ScriptedSearch {
  /** `query` occurs in the query; none given: every search. */
  readonly when?: { readonly query?: string };
  readonly refuse?: Refusal;
  readonly results?: readonly JsonObject[];
}

export interface ScriptedCompletion {
  /** `left` occurs before the cursor; none given: every request. */
  readonly when?: { readonly left?: string };
  readonly refuse?: Refusal;
  /** Given page by page, as many at once as the request wants. */
  readonly found?: readonly { readonly content: string; readonly references?: readonly JsonObject[] }[];
}

export interface ScriptedReply {
  /** All given conditions must hold; none given: every request. */
  readonly when?: {
    /** Id of the simulated account which asks. */
    readonly account?: string;
    readonly model?: string;
    /** Occurs in the current user message's text. */
    readonly text?: string;
    /** Number of the chat request since the simulator started, from 1. */
    readonly request?: number;
    /** The request declares tools: agents' calls for titles and summaries mostly don't. */
    readonly tools?: boolean;
    /** The current message carries (or does not carry) tool results. */
    readonly toolResults?: boolean;
  };
  /** How often this rule may answer; default: without limit. */
  readonly times?: number;
  /** An answer instead of 200: the real envelope is built from it. */
  readonly refuse?: Refusal;
  readonly steps?: readonly ReplyStep[];
  /** Which events follow the steps. A list names them all; an object changes what the simulator was started with. */
  readonly closing?: readonly ClosingEvent[] | { readonly [event in ClosingEvent]?: boolean };
}

export type ClosingEvent = 'contextUsage' | 'stopReason' | 'tokenUsage' | 'metering';

export interface Refusal {
  readonly status: number;
  /** `ThrottlingException`; without one the answer is bare, as an edge layer's is. */
  readonly name?: string;
  readonly message?: string;
  readonly reason?: string | null;
  readonly retryAfterS?: number;
  /** Further members of the body: `{ "retryAfterMilliseconds": 300000 }`. */
  readonly members?: JsonObject;
}

export type ReplyStep =
  /** Text, cut into fragments by the seed. */
  | string
  | { readonly text: readonly string[] }
  | { readonly reasoning: string | readonly string[]; readonly signature?: string }
  | { readonly redacted: string }
  | {
      readonly tool: string;
      readonly id?: string;
      readonly input?: JsonObject;
      readonly fragments?: readonly string[];
      readonly unfinished?: boolean;
    }
  /** Any event, verbatim: `{ "event": "codeEvent", "payload": { "content": "x" } }`. */
  | { readonly event: string; readonly payload: JsonValue }
  | { readonly stopReason: string }
  | { readonly tokenUsage: JsonObject }
  | { readonly contextPercentage: number }
  | { readonly credits: number }
  | { readonly gapMs: number }
  /** A frame of message type `exception`. */
  | { readonly exception: string; readonly payload: JsonValue }
  /** A frame of message type `error`. */
  | { readonly errorCode: string; readonly errorMessage: string }
  /** A frame whose checksum is wrong. */
  | { readonly corrupt: true }
  /** `reset` destroys the socket, `end` ends the body (half a frame first when `half`), `stall` sends nothing more. */
  | { readonly cut: 'reset' | 'end' | 'stall'; readonly half?: boolean };
