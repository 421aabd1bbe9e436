/** What the gateway needs from the floors above it, and what it offers to them. */
import type { Choice } from '../accounts/choice.ts';
import type { Adjustment } from '../core/adjustments.ts';
import type { Attachment } from '../core/attachment.ts';
import type { CodeCompletion } from '../core/code-completion.ts';
import type { Conversation } from '../core/conversation.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Catalogue } from '../core/models.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Access, ImageLimits, UpstreamRequest } from '../upstreams/upstream.ts';

/** One HTTP exchange with the upstream. Rejects with GatewayError `upstream_broken` or `upstream_timeout`. */
export type SendUpstream = (request: AuthorizedRequest, signal: AbortSignal) => Promise<UpstreamAnswer>;

/** A request in an account's name: with its token or to be signed with its keys, through its proxy. */
export interface AuthorizedRequest extends UpstreamRequest {
  readonly accountId?: string | undefined;
  /** An address or `direct`; undefined: as the settings say. Never logged. */
  readonly proxy?: string | undefined;
  /** The headers to send instead, signature included. Rejects with a GatewayError. */
  readonly sign?: SignRequest | undefined;
}

type SignRequest = (request: UpstreamRequest) => Promise<Readonly<Record<string, string>>>;

export interface UpstreamAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** What arrived within one tick is one chunk. Leaving the loop early destroys the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The bytes behind an address which a client sent. Rejects with `invalid_request` naming `at`, the field the address
 * stands in, and `client_closed`.
 */
export type FetchAttachment = (link: Link, maxBytes: number, signal: AbortSignal) => Promise<Uint8Array>;

/**
 * The same within bounds: what one client's address held once, it holds for this client from then on. Rejects with
 * `rate_limited` too, when too many are being fetched.
 */
export type FetchForClient = (link: Link, client: string) => Promise<Uint8Array>;

export interface Link {
  readonly url: string;
  readonly at: string;
}

/** Undefined: it fits as it is. Rejects with `invalid_request` naming `at` for an image that cannot be read. */
export type FitImage = (
  image: { readonly attachment: Attachment; readonly at: string },
  limits: ImageLimits,
) => Promise<FittedImage | undefined>;

export interface FittedImage {
  readonly attachment: Attachment;
  /** In pixels, as `1200×800`. */
  readonly before: string;
  readonly after: string;
}

/**
 * Looks into a document: whether it is complete and not encrypted, and with `text` its words, with marks between pages
 * and sheets. Rejects with `invalid_request` naming `at` and what to do for one that is broken, encrypted or too large.
 */
export type ReadDocument = (
  document: { readonly attachment: Attachment; readonly format: ReadableFormat; readonly at: string },
  wanted: 'check' | 'text',
) => Promise<string>;

/** What the layers above do with images and documents. */
export interface MediaTools {
  readonly fetch: FetchForClient;
  readonly fitImage: FitImage;
  readonly readDocument: ReadDocument;
}

/** Formats whose text has to be extracted. */
export type ReadableFormat = 'pdf' | 'docx' | 'xlsx' | 'html';

/** An account lent out for one attempt. */
export interface Lease {
  readonly accountId: string;
  /** For the log. */
  readonly accountLabel?: string;
  readonly access: Access;
  /** Sent as `authorization: Bearer …`, unless requests are signed; never logged. */
  readonly accessToken: string;
  /** The access token is the credential itself (an API key), which cannot be renewed. */
  readonly hasFixedToken?: boolean | undefined;
  /** As in AuthorizedRequest. */
  readonly proxy?: string | undefined;
  readonly sign?: SignRequest | undefined;
  /** What it means that the upstream refuses its credential for good, and what its owner does then. */
  readonly refusal?: string | undefined;
  /** Why this account. */
  readonly choice?: Choice;
  /** Replies of this account under this wire profile have ended with closing events before. */
  readonly sendsClosingEvents?: boolean;
  /** Remembers for later leases that a reply ended with closing events. Never throws. */
  learnClosingEvents?(): void;
  /** A reply was over without them: several in a row mean that the account no longer sends any. Never throws. */
  missClosingEvents?(): void;
  /** Remembers, over restarts too, that this lease's wire profile works where others were refused. Never throws. */
  learnWireProfile?(untilMs: number): void;
  /** Instead of `release`, if nothing was sent: the account's slot is free again, as if it had not been leased. */
  cancel(): void;
  /** Exactly once, whatever happened: undefined is success (at least one visible character or a whole tool call). */
  release(error: GatewayError | undefined): void;
}

export interface AccountPool {
  /**
   * Waits, for a bounded time, while every account has its hands full. Throws `accounts_busy` after that, `no_account`
   * when there is nothing to choose from, the reason of a rest (`account_throttled`, `quota_exhausted`, …) when all rest,
   * or an error with `accountId` when that account's token or keys could not be obtained.
   */
  lease(request: LeaseRequest): Promise<Lease>;
  /** Includes what other processes have written. Never rejects. */
  status(): Promise<PoolStatus>;
}

export interface LeaseRequest {
  /** Same over a conversation, for affinity. */
  readonly conversationId: string;
  readonly modelId: string | undefined;
  /** Accounts which already failed this request. */
  readonly tried: ReadonlySet<string>;
  /** Make a new access token even though the present one has not expired: the upstream refused it. */
  readonly refresh: boolean;
  /** Only accounts of this group. */
  readonly group?: string | undefined;
  /** Whether an account's own list has the model; undefined: unknown. */
  readonly offers?: (accountId: string) => boolean | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** A question about the account (its models), not a reply: its success is not counted. */
  readonly control?: boolean;
}

export interface PoolStatus {
  readonly ready: number;
  readonly total: number;
  /** At least one account holds an access token, fresh or not. */
  readonly hasToken: boolean;
  readonly tokenExpired: boolean;
  /** Requests which wait for an account; 0 where it is left out. */
  readonly waiting?: number;
}

export interface AskRequest {
  readonly requestId: string;
  /** Who asks: a hash of the API key, or `local`. Keeps the conversations of different keys apart. */
  readonly client: string;
  /** Only accounts of this group may serve it. */
  readonly group?: string | undefined;
  readonly conversation: Conversation;
  /** What parsing already noted; the answer's notes begin with these. */
  readonly adjustments: readonly Adjustment[];
}

export interface CompletionRequest extends Omit<AskRequest, 'conversation'> {
  readonly completion: CodeCompletion;
}

/** Given once the first visible event has come: until then every failure is still this promise's rejection. */
export interface Answer {
  /** The events of one tick each. Never rejects: a late failure is a `reply-error`. Leaving the loop stops the upstream. */
  readonly batches: AsyncIterable<readonly ReplyEvent[]>;
  /** Grows while the batches are read: something may be done to the reply itself. */
  readonly adjustments: readonly Adjustment[];
  readonly route: Route;
}

export interface Route {
  readonly accountId: string;
  readonly accountLabel?: string | undefined;
  readonly modelId: string;
  readonly conversationId: string;
  readonly wireProfile: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly upstreamRequestId: string | undefined;
  /** Why this account. */
  readonly choice?: Choice | undefined;
}

export interface Gateway {
  ask(request: AskRequest, signal: AbortSignal): Promise<Answer>;
  /** One answer for each choice, all of them there already. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<readonly Answer[]>;
  /** Our estimate of what the model would read. Local, cheap, no account needed. */
  countTokens(conversation: Conversation): number;
  /** The live catalogue, cached. Throws when no account can list it and none is cached. */
  models(signal: AbortSignal): Promise<Catalogue>;
  status(): Promise<PoolStatus>;
}
