/**
 * A client protocol is one pure object a folder, listed in protocols/index.ts. It parses requests into conversations
 * and writes replies; it never sees an account, a frame or a socket.
 */
import type { Adjustment } from '../core/adjustments.ts';
import type { CodeCompletion } from '../core/code-completion.ts';
import type { Reply } from '../core/collect.ts';
import type { Conversation } from '../core/conversation.ts';
import type { GatewayError } from '../core/errors.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Steps } from '../core/steps.ts';

export interface ClientProtocol {
  readonly id: string;
  /** Paths below the API's root, as in `/v1/messages`. Prefixes and aliases are the server's business. */
  readonly path: string;
  /** Throws GatewayError with blame `client` (code, message and `param`), and nothing else. */
  parseRequest(body: unknown, context: RequestContext): Steps<ParsedRequest>;
  /** A fresh writer a reply: it owns ids and counters, so it is never shared. */
  createWriter(request: ParsedRequest, replyId: string): ReplyWriter;
  /** The body of a whole reply. */
  writeReply(reply: Reply, request: ParsedRequest, replyId: string): unknown;
  /** Where a request may ask for several choices. */
  readonly choices?: ChoicesWriting;
  /** Where code may be asked for as well; `choices` writes it. Undefined for a body which holds a conversation. */
  parseCompletion?(body: unknown, context: RequestContext): ParsedCompletion | undefined;
  writeError(error: GatewayError, requestId: string): WrittenError;
  /** What to send while the model is silent: a comment or a ping event, as this protocol's clients expect. */
  readonly keepAlive: string;
  /** A fresh opaque id for a reply, with this protocol's prefix. `random` is at least 24 characters of [A-Za-z0-9]. */
  replyId(random: string): string;
}

export interface RequestContext {
  /** Looks a request header up by its lower-case name. */
  header(name: string): string | undefined;
  /** When the request came, in milliseconds since the epoch. */
  readonly nowMs: number;
}

interface ChoicesWriting {
  /** A writer for each choice; what is said once for all of them, the last one says. */
  createWriters(choices: number, request: AnswerableRequest, replyId: string): readonly ReplyWriter[];
  writeReplies(replies: readonly Reply[], request: AnswerableRequest, replyId: string): unknown;
}

export interface ParsedRequest extends AnswerableRequest {
  readonly conversation: Conversation;
  /** How many replies are wanted; absent: one. */
  readonly choices?: number;
}

export interface ParsedCompletion extends AnswerableRequest {
  readonly completion: CodeCompletion;
}

/** What a writer may know of the request. */
export interface AnswerableRequest {
  readonly stream: boolean;
  readonly adjustments: readonly Adjustment[];
  /** Seconds since the epoch when the request came, for `created` fields. */
  readonly createdAtS: number;
  /** What only this protocol's own writer reads, such as `include_usage`; each protocol narrows it for itself. */
  readonly echo: unknown;
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
