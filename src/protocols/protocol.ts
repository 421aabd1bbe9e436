/**
 * A client protocol is one pure object in a folder of its own, listed in protocols/index.ts. It declares its routes,
 * parses requests into conversations and writes replies; it never sees an account, a frame or a socket.
 */
import type { z } from 'zod';
import type { Adjustment } from '../core/adjustments.ts';
import type { CodeCompletion } from '../core/code-completion.ts';
import type { Reply } from '../core/collect.ts';
import type { Conversation } from '../core/conversation.ts';
import type { GatewayError } from '../core/errors.ts';
import type { RateLimits } from '../core/rate-limits.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Steps } from '../core/steps.ts';

/**
 * `Echo` is what the writer needs from the request besides its conversation, such as `include_usage`. Only the protocol
 * itself reads it: a request is always answered by the protocol that parsed it.
 */
export interface ClientProtocol<Echo = unknown> {
  readonly id: string;
  /**
   * Base URLs may end in this name: `http://127.0.0.1:8080/anthropic`. It also says whose error format a request
   * expects.
   */
  readonly vendor: string;
  /** The tag of its routes in the API reference. */
  readonly tag: string;
  /** A request header that only clients of this vendor send, lower case. */
  readonly clientHeader?: string;
  /** Sent with every response to its routes. */
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly routes: readonly ProtocolRoute<Echo>[];
  /** Throws GatewayError with blame `client` (code, message and `param`), and nothing else. */
  parseRequest(body: unknown, context: RequestContext): Steps<ParsedRequest<Echo> | ParsedCompletion<Echo>>;
  /** A fresh writer for each reply: it owns ids and counters, so it is never shared. */
  createWriter(request: AnswerableRequest<Echo>, replyId: string): ReplyWriter;
  /** The body of a reply that is not streamed. */
  writeReply(reply: Reply, request: AnswerableRequest<Echo>, replyId: string): unknown;
  /** Where a request may ask for several choices, or be a ParsedCompletion. */
  readonly choices?: ChoicesWriting<Echo>;
  writeError(error: GatewayError, requestId: string): WrittenError;
  /** The vendor's headers about the limits of the client's key. */
  writeRateLimits(limits: RateLimits, nowMs: number): Readonly<Record<string, string>>;
  /** Sent while the model is silent: a comment or a ping event, as this protocol's clients expect. */
  readonly keepAlive: string;
  /** An opaque id for a reply, with this protocol's prefix. `random` is at least 24 characters of [A-Za-z0-9]. */
  replyId(random: string): string;
}

/**
 * One route of a protocol. Path prefixes, the 405 responses, the API reference and the format of errors are derived
 * from these declarations.
 */
export type ProtocolRoute<Echo = unknown> = RouteDescription & RouteOperation<Echo>;

interface RouteDescription {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/v1`, as in `/v1/responses/:id`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** What the operation checks the body against. */
  readonly body?: z.ZodType;
  /** For the API reference: a body that the operation accepts. */
  readonly example?: Readonly<Record<string, unknown>>;
  readonly query?: z.ZodObject;
  /** What a successful response is. */
  readonly answer: z.ZodType;
}

type RouteOperation<Echo> =
  | {
      readonly operation: 'reply';
      /** Instead of the protocol's own `parseRequest`. */
      parse?(body: unknown, context: RequestContext): Steps<ParsedRequest<Echo> | ParsedCompletion<Echo>>;
    }
  | {
      readonly operation: 'count-tokens';
      parse(body: unknown, context: RequestContext): Steps<ParsedRequest<Echo>>;
      writeCount(inputTokens: number): unknown;
    }
  /** What the Responses API does with stored responses. */
  | { readonly operation: ResponsesOperation };

export type ResponsesOperation =
  | 'create-response'
  | 'compact-response'
  | 'count-response-tokens'
  | 'get-response'
  | 'delete-response'
  | 'cancel-response'
  | 'list-response-input';

export interface RequestContext {
  /** Looks a request header up by its lower-case name. */
  header(name: string): string | undefined;
  /** When the request was received, in milliseconds since the epoch. */
  readonly nowMs: number;
}

interface ChoicesWriting<Echo> {
  /** A writer for each choice; the last one to end also writes what is sent once for all of them. */
  createWriters(choices: number, request: AnswerableRequest<Echo>, replyId: string): readonly ReplyWriter[];
  writeReplies(replies: readonly Reply[], request: AnswerableRequest<Echo>, replyId: string): unknown;
}

export interface ParsedRequest<Echo = unknown> extends AnswerableRequest<Echo> {
  readonly conversation: Conversation;
  /** Number of replies; absent: one. */
  readonly choices?: number;
}

/** Code at the cursor, which a different service completes. */
export interface ParsedCompletion<Echo = unknown> extends AnswerableRequest<Echo> {
  readonly completion: CodeCompletion;
}

/** The part of a request that a writer sees. */
export interface AnswerableRequest<Echo = unknown> {
  readonly stream: boolean;
  readonly adjustments: readonly Adjustment[];
  /** When the request was received, in seconds since the epoch, for `created` fields. */
  readonly createdAtS: number;
  readonly echo: Echo;
}

/** Events in, SSE text out. Synchronous: the events of one tick become one socket write. */
export interface ReplyWriter {
  write(event: ReplyEvent): string;
}

export interface WrittenError {
  readonly status: number;
  /** `retry-after`, `x-should-retry`, … */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}
