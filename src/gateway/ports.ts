/** The interfaces that the gateway needs from the layers above, and those that it offers to them. */
import type { Choice } from '../accounts/choice.ts';
import type { Adjustment } from '../core/adjustments.ts';
import type { MaybePromise } from '../core/async.ts';
import type { Attachment } from '../core/attachment.ts';
import type { CodeCompletion } from '../core/code-completion.ts';
import type { Conversation } from '../core/conversation.ts';
import type { GatewayError } from '../core/errors.ts';
import type { LearnedWireProfile } from '../core/learned-facts.ts';
import type { Catalogue } from '../core/models.ts';
import type { ReplyEvent } from '../core/reply.ts';
import type { Access, ImageLimits, UpstreamRequest } from '../upstreams/upstream.ts';
import type { AttemptRecord } from './attempts.ts';
import type { Capture } from './captures/capture.ts';

/** One HTTP exchange with the upstream. Rejects with GatewayError `upstream_broken` or `upstream_timeout`. */
export type SendUpstream = (request: AuthorizedRequest, signal: AbortSignal) => Promise<UpstreamAnswer>;

/** A request on behalf of an account: with its token, or to be signed with its keys, and through its proxy. */
export interface AuthorizedRequest extends UpstreamRequest {
  readonly accountId?: string | undefined;
  /** A URL or `direct`; undefined: the proxy of the settings. Never logged. */
  readonly proxy?: string | undefined;
  /** Returns the headers to send instead, including the signature. Rejects with a GatewayError. */
  readonly sign?: SignRequest | undefined;
}

type SignRequest = (request: UpstreamRequest) => Promise<Readonly<Record<string, string>>>;

export interface UpstreamAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** One chunk has the bytes that arrived within one tick. Leaving the loop early destroys the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Fetches the file at a URL in a request. Rejects with `invalid_request` naming `at`, the field of the URL, or with
 * `client_closed`.
 */
export type FetchAttachment = (link: Link, maxBytes: number, signal: AbortSignal) => Promise<Uint8Array>;

/**
 * Fetches with limits and a cache: a URL has the same content for a client from its first fetch on. Also rejects with
 * `rate_limited` if too many files are being fetched.
 */
export type FetchForClient = (link: Link, client: string) => Promise<Uint8Array>;

export interface Link {
  readonly url: string;
  readonly at: string;
  /** A line of text can take the place of what cannot be fetched: a failure may be one of a moment ago. */
  readonly isOptional?: boolean;
}

/** Undefined: the image fits unchanged. Rejects with `invalid_request` naming `at` if the image cannot be read. */
export type FitImage = (
  image: { readonly attachment: Attachment; readonly at: string },
  limits: ImageLimits,
) => Promise<FittedImage | undefined>;

export interface FittedImage {
  readonly attachment: Attachment;
  /** Size in pixels, for example `1200×800`. */
  readonly before: string;
  readonly after: string;
}

/**
 * Checks that a document is complete and not encrypted; with `text`, returns its text with marks between pages and
 * sheets. Rejects with `invalid_request` naming `at` and what to do if it is broken, encrypted or too large.
 */
export type ReadDocument = (
  document: { readonly attachment: Attachment; readonly format: ReadableFormat; readonly at: string },
  wanted: 'check' | 'text',
) => Promise<string>;

/** The work on images and documents that the layers above provide. */
export interface MediaTools {
  readonly fetch: FetchForClient;
  readonly fitImage: FitImage;
  readonly readDocument: ReadDocument;
}

/** Formats whose text has to be extracted. */
export type ReadableFormat = 'pdf' | 'docx' | 'xlsx' | 'html';

/** An account leased for one attempt. */
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
  /** If the upstream rejects the credential for good: what that means, and what to do. */
  readonly refusal?: string | undefined;
  /** Why this account was chosen. */
  readonly choice?: Choice;
  /** Earlier replies of this account under this wire profile ended with closing events. */
  readonly sendsClosingEvents?: boolean;
  /** Records for later leases that a reply ended with closing events. Never throws. */
  learnClosingEvents?(): void;
  /** Records a reply without closing events; after several in a row none are expected any more. Never throws. */
  missClosingEvents?(): void;
  /** Stores that this lease's wire profile works after others were refused. Never throws. */
  learnWireProfile?(learned: LearnedWireProfile): void;
  /** Instead of `release`, if nothing was sent: frees the slot as if the account had not been leased. */
  cancel(): void;
  /** Must be called exactly once. undefined means success: at least one visible character or a complete tool call. */
  release(error: GatewayError | undefined): void;
}

export interface AccountPool {
  /**
   * At once if an account is free, which is the usual case. Waits, for a bounded time, while every account is busy. Throws or
   * rejects with `accounts_busy` after that; with `no_account` if there is none to choose from; with the reason of the cooldown (`account_throttled`, `quota_exhausted`, …) if all are
   * cooling down; or with an error with `accountId` if that account's token or keys could not be obtained.
   */
  lease(request: LeaseRequest): MaybePromise<Lease>;
  /** Includes what other processes have written. Never rejects. */
  status(): Promise<PoolStatus>;
}

export interface LeaseRequest {
  /** The same throughout a conversation, for affinity. */
  readonly conversationId: string;
  readonly modelId: string | undefined;
  /** Accounts that have already failed this request. */
  readonly tried: ReadonlySet<string>;
  /** Get a new access token although the current one has not expired, because the upstream rejected it. */
  readonly refresh: boolean;
  /** Only accounts of this group. */
  readonly group?: string | undefined;
  /** Whether an account's own list has the model; undefined: unknown. */
  readonly offers?: (accountId: string) => boolean | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** A request about the account (such as its models) rather than a reply: its success is not counted. */
  readonly control?: boolean;
}

export interface PoolStatus {
  readonly ready: number;
  readonly total: number;
  /** At least one account holds an access token, fresh or not. */
  readonly hasToken: boolean;
  readonly tokenExpired: boolean;
  /** Requests waiting for an account; absent: 0. */
  readonly waiting?: number;
}

export interface AskRequest {
  readonly requestId: string;
  /** The client: a hash of the API key, or `local`. Separates the conversations of different keys. */
  readonly client: string;
  /** Only accounts of this group may serve the request. */
  readonly group?: string | undefined;
  /** Patterns of the models that the client may use; undefined: every model. */
  readonly models?: readonly string[] | undefined;
  readonly conversation: Conversation;
  /** Adjustments made while parsing; those of the answer begin with these. */
  readonly adjustments: readonly Adjustment[];
  /** The gateway adds each attempt as it begins. Absent: not recorded. */
  readonly attempts?: AttemptRecord[] | undefined;
  /** False: a refusal without a reason is final, whatever the settings say. */
  readonly firstAid?: boolean | undefined;
  /** Takes what is exchanged with the service. Absent: not captured. */
  readonly capture?: Capture | undefined;
}

/** The part of the catalogue that a client sees. */
export type ModelScope = Pick<AskRequest, 'group' | 'models'>;

export interface CompletionRequest extends Omit<AskRequest, 'conversation'> {
  readonly completion: CodeCompletion;
}

/** Available once the first visible event has arrived. Earlier failures reject the promise of the answer instead. */
export interface Answer {
  /** The events of one tick each. Never rejects: a late failure is a `reply-error`. Leaving the loop stops the upstream. */
  readonly batches: AsyncIterable<readonly ReplyEvent[]>;
  /** Grows while the batches are read, as the reply itself may be adjusted. */
  readonly adjustments: readonly Adjustment[];
  readonly route: Route;
}

export interface Route {
  readonly accountId: string;
  readonly accountLabel?: string | undefined;
  readonly modelId: string;
  readonly conversationId: string;
  readonly wireProfile: string;
  /** Starting at 1. */
  readonly attempt: number;
  readonly upstreamRequestId: string | undefined;
  /** Why this account was chosen. */
  readonly choice?: Choice | undefined;
}

export interface AccountModels {
  readonly accountId: string;
  /** Undefined: not known yet, or not available. */
  readonly catalogue: Catalogue | undefined;
  /** It is being fetched. */
  readonly isPending: boolean;
  /** Why it could not be fetched. */
  readonly error: GatewayError | undefined;
}

export interface Gateway {
  ask(request: AskRequest, signal: AbortSignal): Promise<Answer>;
  /** One complete answer per choice. */
  complete(request: CompletionRequest, signal: AbortSignal): Promise<readonly Answer[]>;
  /** A local estimate of the input tokens. Cheap, and needs no account. */
  countTokens(conversation: Conversation): number;
  /** The service's catalogue, cached. Rejects if no account can list it and none is cached. */
  models(signal: AbortSignal, scope?: ModelScope): Promise<Catalogue>;
  /** What is known of the catalogue of each account, in the same order. Fetches the missing ones in the background. */
  accountModels(accountIds: readonly string[]): readonly AccountModels[];
  status(): Promise<PoolStatus>;
}
