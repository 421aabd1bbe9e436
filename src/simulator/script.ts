/**
 * The simulated service's replies as data: a list of rules, tried in order for every chat request; without a
 * match the built-in model replies. `dragoman simulate --script` reads JSON files of this shape.
 */
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { ServiceVariant } from './service.ts';

export interface Script {
  readonly replies: readonly ScriptedReply[];
  /** Rules for inline completions. */
  readonly completions?: readonly ScriptedCompletion[];
  /** Rules for web searches. `false`: the account has no web search. */
  readonly searches?: readonly ScriptedSearch[] | false;
  readonly service?: ServiceVariant;
  /** In addition to the simulator's own rules; the first that applies decides. */
  readonly refusals?: readonly ScriptedRefusal[];
}

export interface ScriptedRefusal {
  /** All given conditions must hold. Without `host` and `operation`: only chats. */
  readonly when: {
    /** Known only if the address of the request names it. */
    readonly host?: 'q' | 'runtime' | 'management';
    readonly flavour?: 'rest' | 'json';
    readonly operation?: string;
    /** Number of chats that are answered before. */
    readonly afterChats?: number;
    /** A regular expression that the body contains. */
    readonly body?: string;
    /** A regular expression that the user agent contains. */
    readonly userAgent?: string;
  };
  readonly refuse: Refusal;
}

export interface ScriptedSearch {
  /** Matches if the search query contains `query`; absent: every search. */
  readonly when?: { readonly query?: string };
  readonly refuse?: Refusal;
  readonly results?: readonly JsonObject[];
}

export interface ScriptedCompletion {
  /** Matches if the code before the cursor contains `left`; absent: every request. */
  readonly when?: { readonly left?: string };
  readonly refuse?: Refusal;
  /** Returned page by page, as many per page as requested. */
  readonly found?: readonly { readonly content: string; readonly references?: readonly JsonObject[] }[];
}

export interface ScriptedReply {
  /** All given conditions must hold; absent: every request. */
  readonly when?: {
    /** Id of the calling simulated account. */
    readonly account?: string;
    readonly model?: string;
    /** A substring of the current user message. */
    readonly text?: string;
    /** Number of the chat request since the simulator started, from 1. */
    readonly request?: number;
    /** The request declares tools, unlike most of agents' calls for titles and summaries. */
    readonly tools?: boolean;
    /** The current message carries (or does not carry) tool results. */
    readonly toolResults?: boolean;
    /** A regular expression that the raw body matches. */
    readonly body?: string;
    /** The request declares more tools than this, or has more messages, or more bytes. */
    readonly moreTools?: number;
    readonly moreMessages?: number;
    readonly moreBytes?: number;
  };
  /** How often this rule applies; default: no limit. */
  readonly times?: number;
  /** An error response, from which the real envelope is built. */
  readonly refuse?: Refusal;
  readonly steps?: readonly ReplyStep[];
  /** The events after the steps. A list names all of them; an object changes the simulator's defaults. */
  readonly closing?: readonly ClosingEvent[] | { readonly [event in ClosingEvent]?: boolean };
}

export type ClosingEvent = 'contextUsage' | 'stopReason' | 'tokenUsage' | 'metering';

export interface Refusal {
  readonly status: number;
  /** `ThrottlingException`; without a name, the response is bare, like that of an edge layer. */
  readonly name?: string;
  readonly message?: string;
  readonly reason?: string | null;
  readonly retryAfterS?: number;
  /** Additional members of the body: `{ "retryAfterMilliseconds": 300000 }`. */
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
  /** A frame with an invalid checksum. */
  | { readonly corrupt: true }
  /** `reset` destroys the socket, `end` ends the body (half a frame first when `half`), `stall` sends nothing more. */
  | { readonly cut: 'reset' | 'end' | 'stall'; readonly half?: boolean };
