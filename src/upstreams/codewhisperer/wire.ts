/**
 * Request bodies of the CodeWhisperer streaming and runtime services in the wire's spelling. Both flavours (REST and
 * JSON 1.0) carry the same bodies; members sent in headers or the query in REST are marked.
 * Source: the published client @aws/codewhisperer-streaming-client and the service models in AWS's open-source clients.
 */
import type { DocumentFormat } from '../../core/file-format.ts';
import type { ImageFormat } from '../../core/image-size.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';

export interface GenerateAssistantResponseRequest {
  readonly conversationState: ConversationState;
  readonly profileArn?: string;
  /** KiroRuntimeService only: `vibe`, or `general-task-execution` in sub-agents. */
  readonly agentMode?: string;
  /** Free JSON whose keys are snake_case; each model's catalogue entry has the schema. */
  readonly additionalModelRequestFields?: JsonObject;
  /** SendMessage only: member of the Origin enum. */
  readonly source?: string;
}

export interface ConversationState {
  readonly chatTriggerType: ChatTriggerType;
  /** 1–128 characters, chosen by the client. */
  readonly conversationId?: string;
  /** KiroRuntimeService only: the conversation's own id, or for a sub-agent the parent's. */
  readonly rootConversationId?: string;
  readonly workspaceId?: string;
  readonly customizationArn?: string;
  /** UUID of one agent run: from a user's turn to the end of its tool rounds. */
  readonly agentContinuationId?: string;
  readonly agentTaskType?: AgentTaskType;
  /** Oldest first, without the current message. */
  readonly history?: readonly ChatMessage[];
  readonly currentMessage: UserMessage;
}

type ChatTriggerType = 'MANUAL' | 'DIAGNOSTIC' | 'INLINE_CHAT';
type AgentTaskType = 'vibe' | 'spectask';

/** Exactly one of the two members. */
export type ChatMessage = UserMessage | AssistantMessage;

export interface UserMessage {
  readonly userInputMessage: UserInputMessage;
}
export interface AssistantMessage {
  readonly assistantResponseMessage: AssistantResponseMessage;
}

export interface UserInputMessage {
  readonly content: string;
  readonly images?: readonly ImageBlock[];
  readonly documents?: readonly DocumentBlock[];
  readonly userInputMessageContext?: UserInputMessageContext;
  readonly origin?: string;
  readonly modelId?: string;
  readonly cachePoint?: CachePoint;
}

interface UserInputMessageContext {
  readonly toolResults?: readonly ToolResult[];
  /** Only in the current message, never in history. */
  readonly tools?: readonly ToolEntry[];
  readonly envState?: EnvState;
  readonly gitState?: GitState;
}

export type ToolEntry = { readonly toolSpecification: ToolSpecification } | { readonly cachePoint: CachePoint };

export interface ToolSpecification {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: { readonly json: JsonObject };
}

export interface ToolResult {
  readonly toolUseId: string;
  readonly status?: ToolResultStatus;
  readonly content: readonly ToolResultContent[];
}
type ToolResultStatus = 'success' | 'error';
type ToolResultContent = { readonly text: string } | { readonly json: JsonValue };

export interface EnvState {
  readonly operatingSystem?: 'macos' | 'linux' | 'windows';
  readonly currentWorkingDirectory?: string;
}
export interface GitState {
  readonly status?: string;
}

export interface AssistantResponseMessage {
  readonly content: string;
  readonly reasoningContent?: ReasoningContent;
  readonly toolUses?: readonly ToolUse[];
  readonly cachePoint?: CachePoint;
}

export interface ToolUse {
  readonly toolUseId: string;
  readonly name: string;
  /** A JSON object, not its text. */
  readonly input: JsonObject;
}

export type ReasoningContent =
  | { readonly reasoningText: { readonly text: string; readonly signature?: string } }
  /** Base64. */
  | { readonly redactedContent: string };

export interface CachePoint {
  readonly type: 'default';
}

/** `bytes` is standard base64. */
export interface ImageBlock {
  readonly format: ImageFormat;
  readonly source: { readonly bytes: string };
}

export interface DocumentBlock {
  readonly name: string;
  readonly format: DocumentFormat;
  readonly source: { readonly bytes: string };
}

/** REST: query parameters. */
export interface ListAvailableModelsRequest {
  readonly origin: string;
  /** 1–100. */
  readonly maxResults?: number;
  readonly nextToken?: string;
  readonly profileArn?: string;
}

/** Inline completion. */
export interface GenerateCompletionsRequest {
  readonly fileContext: {
    /** At most 10,240 characters on either side. */
    readonly leftFileContent: string;
    readonly rightFileContent: string;
    readonly filename: string;
    readonly programmingLanguage: { readonly languageName: string };
  };
  /** 1–10. */
  readonly maxResults: number;
  readonly referenceTrackerConfiguration: { readonly recommendationsWithReferences: 'ALLOW' | 'BLOCK' };
  readonly supplementalContexts?: readonly SupplementalContext[];
  readonly nextToken?: string;
  readonly profileArn?: string;
}

export interface SupplementalContext {
  readonly filePath: string;
  readonly content: string;
}
