/**
 * The interface between the gateway and a service. An upstream is pure: it encodes HTTP requests, decodes responses and
 * explains failures. Sockets live in transport/, retries and tokens in gateway/ and accounts/.
 */
import type { Adjustment } from '../core/adjustments.ts';
import type { CodeCompletion } from '../core/code-completion.ts';
import type { Conversation } from '../core/conversation.ts';
import type { GatewayError } from '../core/errors.ts';
import type { RuleReadings } from '../core/learned-facts.ts';
import type { NamedReasoning } from '../core/model-name.ts';
import type { Catalogue, Model } from '../core/models.ts';
import type { ReplyEvent, Source } from '../core/reply.ts';
import type { Steps } from '../core/steps.ts';
import type { Figure, Usage } from '../core/usage.ts';
import type { UsageLimits } from '../core/usage-limits.ts';
import type { WebResult } from '../core/web-search.ts';

export interface Upstream {
  readonly id: string;
  /** The catalogue model that a client's name means, or the name itself if there is none. */
  resolveModel(requested: string, catalogue: Catalogue): ResolvedModel;
  /** Throws GatewayError `invalid_request` naming the client's field if the service cannot accept the conversation. */
  encodeChat(conversation: Conversation, context: EncodeContext): Steps<EncodedChat>;
  /** Limits on images and documents that apply before encoding. The same for every turn of a conversation. */
  mediaLimits(access: Access, model: ResolvedModel): MediaLimits;
  /** Throws `feature_not_supported` if the account's wire profile has no inline completion. */
  encodeCompletion(completion: CodeCompletion, context: CompletionContext): EncodedCompletion;
  /** Throws `upstream_broken` for a body of another shape. */
  decodeCompletion(body: string): CompletionPage;
  /** undefined: the service has no web search. */
  readonly webSearch?: UpstreamWebSearch | undefined;
  encodeListModels(access: Access, nextToken: string | undefined): UpstreamRequest;
  /** The models of an account whose wire profile cannot list them. undefined: it can. */
  fixedCatalogue?(access: Access): Catalogue | undefined;
  decodeModels(body: string): { catalogue: Catalogue; nextToken: string | undefined };
  readonly profiles: UpstreamProfiles;
  readonly usageLimits: UpstreamUsageLimits;
  /** Explains a non-2xx response. Reads the body's reason before the status. */
  explainFailure(answer: FailedAnswer): GatewayError;
  /** The id of a response in the service's logs. */
  requestIdOf(answer: AnswerHeaders): string | undefined;
  /** How to try once more after a refusal without a reason. undefined: there is no other way. */
  firstAid?(refusal: GatewayError, access: Access): FirstAid | undefined;
  /** Whether another wire profile is worth trying after a failure. undefined: never. */
  suggestsOtherWireProfile?(error: GatewayError): boolean;
  /** Whether the other region is worth trying after a failure. undefined: never. */
  suggestsOtherRegion?(error: GatewayError): boolean;
}

/** The profiles of an organisation's accounts. */
export interface UpstreamProfiles {
  /** Regions that serve the API: a profile may be in any of them, whatever the account's sign-in region. */
  regions(access: Access): readonly string[];
  /** All profiles of the account in the region of `access`. */
  encodeList(access: Access, nextToken: string | undefined): UpstreamRequest;
  /** The active profiles. Throws `upstream_broken` for a body that is not JSON. */
  decodeList(body: string): ProfilePage;
  /** The one profile that an API key belongs to. */
  encodeOwn(access: Access): UpstreamRequest;
  /** undefined: this region has no active profile for the key. Throws like `decodeList`. */
  decodeOwn(body: string): UpstreamProfile | undefined;
}

/** Questions about the service that chats on an account can answer: see docs/rules.md. */
export interface UpstreamProbes {
  /** A chat in which nothing is contested. */
  control(model: string): Conversation;
  readonly questions: readonly ProbeQuestion[];
  /** The rule that the usage of two chats of different length decides. */
  readonly window: ProbedRule;
}

export interface ProbedRule {
  readonly rule: string;
  readonly question: string;
  /** The reading that asks more of the service. */
  readonly bold: string;
  readonly safe: string;
}

export interface ProbeQuestion extends ProbedRule {
  /** A chat that differs between the two readings. */
  conversation(model: string): Conversation;
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
  /** Another form of the request, after the first failed with `refusal`. undefined: no other form is worth trying. */
  encodeAfter(access: Access, refusal: GatewayError): UpstreamRequest | undefined;
  /** Throws `upstream_broken` for a body of another shape. */
  decode(body: string): UsageLimits;
}

export interface UpstreamWebSearch {
  /** How many request forms there are for this account; 0: the account cannot search. */
  forms(access: Access): number;
  /** The query, shortened to what the upstream accepts. */
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
  /** undefined: the model does not accept images. */
  readonly image: ImageLimits | undefined;
  /** Maximum decoded bytes of a document sent as a file; undefined: documents are sent as text. */
  readonly documentBytes: number | undefined;
}

export interface ImageLimits {
  /** Width or height. */
  readonly pixels: number;
  /** Decoded. */
  readonly bytes: number;
}

/** The account's part of a request, without its token. */
export interface Access {
  readonly region: string;
  readonly profileArn: string | undefined;
  /** Id of the wire profile in use for this account. */
  readonly wireProfile: string;
  /** Replaces the wire profile's host (`DRAGOMAN_UPSTREAM_URL`); no trailing slash. */
  readonly baseUrl: string | undefined;
  /** Kind of account (`builder-id`, `api-key`, …): wire profiles differ by it. */
  readonly kind: string;
  /** What this account has learnt under this wire profile about rules that sources contradict: reading by rule. */
  readonly readings?: RuleReadings | undefined;
}

/** The account's part of the same request, encoded more cautiously. */
export interface FirstAid {
  readonly access: Access;
  /** Says what differs. */
  readonly adjustment: Adjustment;
}

/** One call of an operation over all its attempts, so that the service can tell a retry from a new call. */
export interface Invocation {
  readonly id: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** Which conversation a request belongs to; each id has the shape of a UUID. */
export interface ConversationIds {
  /** The same for all turns of a conversation. */
  readonly conversationId: string;
  /** Id of the conversation that started this one as a sub-agent; else the conversation's own. */
  readonly rootConversationId: string;
  /** The same from a user's turn to the end of the tool rounds that answer it. */
  readonly continuationId: string;
}

export interface ResolvedModel {
  /**
   * `listed`: a model of the catalogue, or its default model by that name. `default`: the name is not in any of the
   * service's families, so the account's default model is used. `unlisted`: the catalogue does not list the version; the
   * service decides.
   */
  readonly match: 'listed' | 'default' | 'unlisted';
  /** undefined: the default model of a catalogue that does not name it; the service chooses. */
  readonly id: string | undefined;
  /** Its catalogue entry, if it has one. */
  readonly model: Model | undefined;
  /** Reasoning that the name asks for. */
  readonly reasoning: NamedReasoning;
  readonly adjustments: readonly Adjustment[];
}

export interface EncodeContext {
  readonly access: Access;
  readonly model: ResolvedModel;
  readonly ids: ConversationIds;
  readonly invocation: Invocation;
  /** Send the client's working environment (`DRAGOMAN_SEND_ENVIRONMENT`). */
  readonly sendEnvironment: boolean;
  /** Leave reasoning history out, for the single retry after `signature_invalid`. */
  readonly withoutReasoningHistory: boolean;
  /** The model has refused before to turn thinking off. */
  readonly thinksAlways?: boolean;
  /** Turn tool calls that the model prints as text into calls (`DRAGOMAN_RECOVER_TOOL_CALLS`). */
  readonly recoverToolCalls: boolean;
}

export interface EncodedChat {
  readonly request: UpstreamRequest;
  readonly adjustments: readonly Adjustment[];
  /** Estimated when first read. */
  readonly inputTokens: Figure;
  /** The request carries the conversation's `maxTokens`, and the upstream enforces it. */
  readonly limitsOutput: boolean;
  /** Decodes the response to `request`. */
  createDecoder(answer: AnswerContext): ReplyDecoder;
}

export interface CompletionContext {
  readonly access: Access;
  /** Whether completions that resemble published code under a licence are allowed; they carry references. */
  readonly references: 'allow' | 'block';
  /** The previous page's token, for further completions. */
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
  /** The host's region, which signatures name. */
  readonly region?: string | undefined;
  /** How this host refuses an access token, if not with 401 or 403. */
  readonly badToken?: BadToken;
  /** The same request in the API's other region, if it is not known which one serves the account. */
  readonly elsewhere?: { readonly region: string; readonly url: string };
  /** Lower-case names; without `authorization`, which the account adds. */
  readonly headers: Readonly<Record<string, string>>;
  /** A chat's is bytes, everything else is short text. */
  readonly body: string | Buffer | undefined;
}

interface BadToken {
  readonly status: number;
  /** Name of the exception. */
  readonly name: string;
}

export interface AnswerHeaders {
  /** A response header, by its lower-case name. */
  header(name: string): string | undefined;
}

/** What a decoder needs to know about the response besides its body. */
export interface AnswerContext extends AnswerHeaders {
  /** The account's replies are known to end with closing events, so text without them was cut off. */
  readonly expectsClosingEvents: boolean;
  /** Receives adjustments of the reply before its last event. */
  note(adjustment: Adjustment): void;
  /**
   * The body has neither a length nor chunks and ends with the connection, so a server that died looks like one that
   * finished. Only a reply with closing events is then complete.
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
  /** An event that closes a complete reply has arrived. */
  readonly hasClosingEvents: boolean;
  /** The reply has ended without closing events or any other reason for its end. */
  readonly lacksClosingEvents: boolean;
  /** What the reply has used so far. */
  usage?(): Usage;
  /** Unknown kinds of events and their counts. */
  readonly skipped: ReadonlyMap<string, number>;
}

export interface FailedAnswer extends AnswerHeaders {
  readonly status: number;
  readonly body: string;
  /** From the request. */
  readonly badToken?: BadToken | undefined;
}
