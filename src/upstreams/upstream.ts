/**
 * What the gateway knows of a service. An upstream is pure: it encodes HTTP requests, decodes their answers and explains
 * refusals. Sockets live in transport/, retries and tokens in gateway/ and accounts/.
 */
import type { Adjustment } from '../core/adjustments.ts';
import type { CodeCompletion } from '../core/code-completion.ts';
import type { Conversation } from '../core/conversation.ts';
import type { GatewayError } from '../core/errors.ts';
import type { NamedReasoning } from '../core/model-name.ts';
import type { Catalogue, Model } from '../core/models.ts';
import type { ReplyEvent, Source } from '../core/reply.ts';
import type { Steps } from '../core/steps.ts';
import type { Figure } from '../core/usage.ts';
import type { UsageLimits } from '../core/usage-limits.ts';
import type { WebResult } from '../core/web-search.ts';

export interface Upstream {
  readonly id: string;
  /** The model of the catalogue that a client's name means, or the name itself if there is none. */
  resolveModel(requested: string, catalogue: Catalogue): ResolvedModel;
  /** Throws GatewayError `invalid_request` naming the client's field if the service cannot take the conversation. */
  encodeChat(conversation: Conversation, context: EncodeContext): Steps<EncodedChat>;
  /** What images and documents must be like before they are encoded. The same for every turn of a conversation. */
  mediaLimits(access: Access, model: ResolvedModel): MediaLimits;
  /** Throws `feature_not_supported` if the account's wire profile has no inline completion. */
  encodeCompletion(completion: CodeCompletion, context: CompletionContext): EncodedCompletion;
  /** Throws `upstream_broken` for a body of another shape. */
  decodeCompletion(body: string): CompletionPage;
  /** Absent: the service cannot search the web. */
  readonly webSearch?: UpstreamWebSearch | undefined;
  encodeListModels(access: Access, nextToken: string | undefined): UpstreamRequest;
  /** The models of an account whose service cannot list them. Undefined: it can. */
  fixedCatalogue?(access: Access): Catalogue | undefined;
  decodeModels(body: string): { catalogue: Catalogue; nextToken: string | undefined };
  readonly profiles: UpstreamProfiles;
  readonly usageLimits: UpstreamUsageLimits;
  /** What a non-2xx answer means. Reads the body's own reason before the status. */
  explainFailure(answer: FailedAnswer): GatewayError;
  /** The id by which the service's logs know an answer. */
  requestIdOf(answer: AnswerHeaders): string | undefined;
  /** Whether a failure may be about the wire profile, so that another one is worth a try. Absent: never. */
  suggestsOtherWireProfile?(error: GatewayError): boolean;
  /** Whether a refusal may be about the region, so that the other one is worth a try. Absent: never. */
  suggestsOtherRegion?(error: GatewayError): boolean;
}

/** The profiles under which an organisation's accounts work. */
export interface UpstreamProfiles {
  /** Regions that serve the API: a profile may live in any of them, whatever region the account signed in at. */
  regions(access: Access): readonly string[];
  /** All profiles of the account in the region of `access`. */
  encodeList(access: Access, nextToken: string | undefined): UpstreamRequest;
  /** The active profiles. Throws `upstream_broken` for a body that is not JSON. */
  decodeList(body: string): ProfilePage;
  /** The one profile that an API key belongs to. */
  encodeOwn(access: Access): UpstreamRequest;
  /** Undefined: this region has no active profile for the key. Throws as `decodeList`. */
  decodeOwn(body: string): UpstreamProfile | undefined;
}

export interface UpstreamProfile {
  readonly arn: string;
  readonly name: string;
}

export interface ProfilePage {
  readonly profiles: readonly UpstreamProfile[];
  readonly nextToken: string | undefined;
}

/** How much of an account's plan is left. */
export interface UpstreamUsageLimits {
  encode(access: Access): UpstreamRequest;
  /** Another form of the request, after `refusal` of the first. Undefined: no other form is worth a try. */
  encodeAfter(access: Access, refusal: GatewayError): UpstreamRequest | undefined;
  /** Throws `upstream_broken` for a body of another shape. */
  decode(body: string): UsageLimits;
}

export interface UpstreamWebSearch {
  /** How many forms the search's request has for this account; 0: the account cannot search. */
  forms(access: Access): number;
  /** The query, shortened to what the upstream takes. */
  fitQuery(access: Access, query: string): string;
  encodeSearch(access: Access, call: WebSearchCall, invocation: Invocation): UpstreamRequest;
  /** Throws `upstream_broken` for anything but results. */
  decodeSearch(body: string): readonly WebResult[];
}

export interface WebSearchCall {
  readonly query: string;
  /** Identifies the search in the upstream's logs. */
  readonly callId: string;
  /** From 0 to `forms - 1`. */
  readonly form: number;
}

export interface MediaLimits {
  /** Undefined: this model sees no images. */
  readonly image: ImageLimits | undefined;
  /** Decoded bytes of a document which goes as it is; undefined: none does, its text goes instead. */
  readonly documentBytes: number | undefined;
}

export interface ImageLimits {
  /** On either side. */
  readonly pixels: number;
  /** Decoded. */
  readonly bytes: number;
}

/** What an account brings to a request, its token aside. */
export interface Access {
  readonly region: string;
  readonly profileArn: string | undefined;
  /** Id of the wire profile in use for this account. */
  readonly wireProfile: string;
  /** Replaces the wire profile's host (`DRAGOMAN_UPSTREAM_URL`); no trailing slash. */
  readonly baseUrl: string | undefined;
  /** Kind of account (`builder-id`, `api-key`, …): wire profiles differ by it. */
  readonly kind: string;
}

/** One call of an operation, over all its attempts: the service can tell a repeat from a new call. */
export interface Invocation {
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** Which conversation a request belongs to; each shaped as a UUID. */
export interface ConversationIds {
  /** Same over all turns of a conversation. */
  readonly conversationId: string;
  /** Of the conversation that has started this one as a sub-agent; else the conversation's own. */
  readonly rootConversationId: string;
  /** Same from a user's turn to the end of the tool rounds that answer it. */
  readonly continuationId: string;
}

export interface ResolvedModel {
  /**
   * `listed`: a model of the catalogue, or its default model by that name. `default`: the name belongs to no family of the service, and the account's
   * default model answers. `unlisted`: a version that the catalogue does not list; only the service can say more.
   */
  readonly match: 'listed' | 'default' | 'unlisted';
  /** Undefined: the default model, where the catalogue does not name it; the service chooses. */
  readonly id: string | undefined;
  /** Its catalogue entry, if it has one. */
  readonly model: Model | undefined;
  /** What the name asks for besides the model. */
  readonly reasoning: NamedReasoning;
  readonly adjustments: readonly Adjustment[];
}

export interface EncodeContext {
  readonly access: Access;
  readonly model: ResolvedModel;
  readonly ids: ConversationIds;
  readonly invocation: Invocation;
  /** Send where the client works (`DRAGOMAN_SEND_ENVIRONMENT`). */
  readonly sendEnvironment: boolean;
  /** Leave reasoning history out: the one retry after `signature_invalid`. */
  readonly withoutReasoningHistory: boolean;
  /** The model has refused before to have its thinking turned off. */
  readonly thinksAlways?: boolean;
  /** Make tool calls of those that the model prints as text (`DRAGOMAN_RECOVER_TOOL_CALLS`). */
  readonly recoverToolCalls: boolean;
}

export interface EncodedChat {
  readonly request: UpstreamRequest;
  readonly adjustments: readonly Adjustment[];
  readonly inputTokens: Figure;
  /** The request carries the conversation's `maxTokens`, and the upstream keeps it. */
  readonly limitsOutput: boolean;
  /** For the answer to `request`. */
  createDecoder(answer: AnswerContext): ReplyDecoder;
}

export interface CompletionContext {
  readonly access: Access;
  /** Whether code may be proposed which resembles published code under a licence; if so, it is told. */
  readonly references: 'allow' | 'block';
  /** Of the page before, for further completions. */
  readonly nextToken: string | undefined;
  readonly invocation: Invocation;
}

export interface EncodedCompletion {
  readonly request: UpstreamRequest;
  readonly adjustments: readonly Adjustment[];
  readonly inputTokens: Figure;
}

export interface CompletionPage {
  readonly completions: readonly { readonly text: string; readonly sources: readonly Source[] }[];
  readonly nextToken: string | undefined;
}

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Whose host this is: signatures name it. */
  readonly region?: string | undefined;
  /** How this host refuses an access token, where that is not 401 or 403. */
  readonly badToken?: BadToken;
  /** The same request in the other region that serves the API, if it is not known which of them serves the account. */
  readonly elsewhere?: { readonly region: string; readonly url: string };
  /** Lower-case names; without authorization, which the account adds. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

interface BadToken {
  readonly status: number;
  /** Of the exception. */
  readonly name: string;
}

export interface AnswerHeaders {
  /** A header of the answer, by its lower-case name. */
  header(name: string): string | undefined;
}

/** What a decoder has to know about the answer beside its body. */
export interface AnswerContext extends AnswerHeaders {
  /** The account's replies are known to end with closing events: text without them was cut off. */
  readonly expectsClosingEvents: boolean;
  /** Receives notes about the reply before its last event. */
  note(adjustment: Adjustment): void;
  /**
   * The body has neither a length nor chunks: it ends with the connection, so a server that died looks like one that
   * had finished. Only a reply with closing events is then complete.
   */
  readonly endsWithConnection?: boolean;
}

/**
 * Bytes in, events out. `push` and `end` never throw: a broken reply ends with a `reply-error` event, and nothing
 * pushed after that is read.
 */
export interface ReplyDecoder {
  push(bytes: Uint8Array): ReplyEvent[];
  /** The body ended properly (`undefined`) or the connection broke (`cause`). */
  end(cause?: unknown): ReplyEvent[];
  /** One of the events came that end a complete reply. */
  readonly hasClosingEvents: boolean;
  /** The reply is over, and none of them came, nor anything else that says why it ended. */
  readonly lacksClosingEvents: boolean;
  /** Unknown kinds of events, and how often each came. */
  readonly skipped: ReadonlyMap<string, number>;
}

export interface FailedAnswer extends AnswerHeaders {
  readonly status: number;
  readonly body: string;
  /** As the request has it. */
  readonly badToken?: BadToken | undefined;
}
