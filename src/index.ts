/**
 * dragoman as a library: sign in, ask, and read the reply as events, as text or complete. Also exports the translators
 * of the client protocols and the upstream, which are pure functions and work on their own.
 */
export type { SignInRequest } from './accounts/sign-in/place.ts';
export { type Settings, SettingsError } from './config.ts';
export type { Adjustment } from './core/adjustments.ts';
export { Attachment } from './core/attachment.ts';
export { collectReply, type Reply, type ReplyBlock } from './core/collect.ts';
export type * from './core/conversation.ts';
export { ERROR_RULES, type ErrorCode, GatewayError } from './core/errors.ts';
export type { Log } from './core/log.ts';
export type { Catalogue, Model } from './core/models.ts';
export type { ReplyEnd, ReplyEvent, ReplyStart, Source, StopReason } from './core/reply.ts';
export { runAtOnce, type Steps } from './core/steps.ts';
export { TextPiece } from './core/text.ts';
export type { Figure, Provenance, Usage } from './core/usage.ts';
export type { Gateway, PoolStatus, Route } from './gateway/ports.ts';
export type { Question, ReplyStream } from './library/ask.ts';
export {
  AuthManager,
  type AuthManagerOptions,
  AuthorizationPendingException,
  type BuilderIdToken,
  type DeviceAuthorization,
} from './library/auth-manager.ts';
export {
  type AssistantResponse,
  CodeWhispererClient,
  type CodeWhispererClientConfig,
  type RequestOptions,
  type TokenProvider,
} from './library/codewhisperer-client.ts';
export {
  type AccountSummary,
  type AskOptions,
  createDragoman,
  type Dragoman,
  type DragomanOptions,
  type PendingSignIn,
  type Prompt,
  type WholeReply,
} from './library/dragoman.ts';
export {
  anthropicMessages,
  openaiChat,
  openaiCompletions,
  openaiResponses,
  PROTOCOLS,
} from './protocols/index.ts';
export type { ClientProtocol, ParsedRequest, ReplyWriter, RequestContext, WrittenError } from './protocols/protocol.ts';
export { codewhisperer } from './upstreams/codewhisperer/index.ts';
export type { ServiceEvent } from './upstreams/codewhisperer/service-events.ts';
export type { GenerateAssistantResponseRequest } from './upstreams/codewhisperer/wire.ts';
export type { ReplyDecoder, Upstream } from './upstreams/upstream.ts';
export { VERSION } from './version.ts';
