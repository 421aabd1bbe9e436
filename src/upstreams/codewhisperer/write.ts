/**
 * Writes a normalised conversation as wire messages, with keys in a fixed order. Expects what the passes guarantee:
 * alternating turns that begin and end with the user's, text-only results, at most one reasoning block per turn.
 */
import type { Adjustment } from '../../core/adjustments.ts';
import type {
  Conversation,
  ImagePart,
  Part,
  Tool,
  ToolResultPart,
  ToolUsePart,
  Turn,
} from '../../core/conversation.ts';
import { isImageFormat } from '../../core/file-format.ts';
import { isJsonObject } from '../../core/json.ts';
import type { Steps } from '../../core/steps.ts';
import { unreachable } from '../../core/unreachable.ts';
import type { WireEnvironment } from './environment.ts';
import { documentFormat } from './normalize/documents.ts';
import { note } from './normalize/rules.ts';
import { isBlank } from './normalize/traits.ts';
import type { WireProfile } from './profiles.ts';
import type {
  AssistantMessage,
  CachePoint,
  ChatMessage,
  DocumentBlock,
  ImageBlock,
  ReasoningContent,
  ToolEntry,
  ToolResult,
  ToolUse,
  UserMessage,
} from './wire.ts';

export interface WrittenMessages {
  readonly history: readonly ChatMessage[];
  readonly currentMessage: UserMessage;
  readonly adjustments: readonly Adjustment[];
}

/** One step per message. */
export function* writeMessages(
  conversation: Conversation,
  profile: WireProfile,
  modelId: string | undefined,
  environment: WireEnvironment,
): Steps<WrittenMessages> {
  const adjustments: Adjustment[] = [];
  const past = conversation.turns.slice(0, -1);
  const current = conversation.turns.at(-1);
  if (!current) throw new TypeError('a normalised conversation has at least one turn');
  const historyModelId = profile.messages.historyModelId ? modelId : undefined;
  const history: ChatMessage[] = [];
  for (const turn of past) {
    history.push(
      turn.role === 'assistant'
        ? assistantMessage(turn, profile, adjustments)
        : userMessage(turn, profile, historyModelId, {}, adjustments),
    );
    yield;
  }
  const tools = conversation.tools.flatMap(toolEntries);
  const extra = { ...environment, ...(tools.length === 0 ? {} : { tools }) };
  return { history, currentMessage: userMessage(current, profile, modelId, extra, adjustments), adjustments };
}

function userMessage(
  turn: Turn,
  profile: WireProfile,
  modelId: string | undefined,
  extra: object,
  adjustments: Adjustment[],
): UserMessage {
  const message = sort(turn);
  const { emptyUser, emptyUserWithToolResults } = profile.messages;
  const blank = message.toolResults.length === 0 ? emptyUser : emptyUserWithToolResults;
  const context = { ...(message.toolResults.length === 0 ? {} : { toolResults: message.toolResults }), ...extra };
  return {
    userInputMessage: {
      content: contentOf(turn, message.text, blank, adjustments),
      ...(message.images.length === 0 ? {} : { images: message.images }),
      ...(message.documents.length === 0 ? {} : { documents: message.documents }),
      ...(Object.keys(context).length === 0 ? {} : { userInputMessageContext: context }),
      origin: profile.origin,
      ...(modelId === undefined ? {} : { modelId }),
      ...cachePoint(turn),
    },
  };
}

function assistantMessage(turn: Turn, profile: WireProfile, adjustments: Adjustment[]): AssistantMessage {
  const message = sort(turn);
  const { emptyAssistant, emptyAssistantWithToolUses } = profile.messages;
  const blank = message.toolUses.length === 0 ? emptyAssistant : emptyAssistantWithToolUses;
  return {
    assistantResponseMessage: {
      content: contentOf(turn, message.text, blank, adjustments),
      ...(message.reasoning === undefined ? {} : { reasoningContent: message.reasoning }),
      ...(message.toolUses.length === 0 ? {} : { toolUses: message.toolUses }),
      ...cachePoint(turn),
    },
  };
}

/** `blank` in place of white space alone: the service has been seen to refuse it. */
export function contentOf({ at, role }: Turn, text: string, blank: string, adjustments: Adjustment[]): string {
  if (!isBlank(text)) return text;
  if (text !== '' || blank !== '') adjustments.push(note('empty-turn-filled', at, role));
  return blank;
}

interface StoredMessage {
  text: string;
  readonly images: ImageBlock[];
  readonly documents: DocumentBlock[];
  readonly toolResults: ToolResult[];
  readonly toolUses: ToolUse[];
  reasoning: ReasoningContent | undefined;
}

function sort(turn: Turn): StoredMessage {
  const message: StoredMessage = {
    text: '',
    images: [],
    documents: [],
    toolResults: [],
    toolUses: [],
    reasoning: undefined,
  };
  const texts: string[] = [];
  for (const part of turn.parts) {
    if (part.type === 'text') texts.push(part.text);
    else place(part, message);
  }
  message.text = texts.length === 1 ? (texts[0] ?? '') : texts.join('\n\n');
  return message;
}

function place(part: Exclude<Part, { type: 'text' }>, message: StoredMessage): void {
  switch (part.type) {
    case 'image':
      message.images.push(imageBlock(part));
      return;
    case 'document': {
      const format = documentFormat(part);
      if (format === undefined || part.source.type !== 'attachment')
        throw new TypeError('the documents pass inlines every other document');
      message.documents.push({
        name: part.name ?? 'document',
        format,
        source: { bytes: part.source.attachment.base64 },
      });
      return;
    }
    case 'tool-result':
      message.toolResults.push(toolResult(part));
      return;
    case 'tool-use':
      message.toolUses.push(toolUse(part));
      return;
    case 'reasoning': {
      const { text, signature } = part;
      message.reasoning = { reasoningText: { text, ...(signature === undefined ? {} : { signature }) } };
      return;
    }
    case 'redacted-reasoning':
      message.reasoning = { redactedContent: part.data };
      return;
    default:
      unreachable(part);
  }
}

function imageBlock({ attachment }: ImagePart): ImageBlock {
  const { format, base64 } = attachment;
  if (!isImageFormat(format)) throw new TypeError('the images pass refuses images of no known format');
  return { format, source: { bytes: base64 } };
}

function toolResult({ toolUseId, isError, content }: ToolResultPart): ToolResult {
  const texts = content.flatMap((inner) => (inner.type === 'text' ? { text: inner.text } : []));
  return { toolUseId, status: isError ? 'error' : 'success', content: texts };
}

function toolUse({ toolUseId, name, input }: ToolUsePart): ToolUse {
  return { toolUseId, name, input: isJsonObject(input) ? input : {} };
}

function toolEntries({ name, description, inputSchema, cachePoint: marked }: Tool): ToolEntry[] {
  const json = isJsonObject(inputSchema) ? inputSchema : { type: 'object', properties: {} };
  const entry = { toolSpecification: { name, description, inputSchema: { json } } };
  return marked ? [entry, { cachePoint: { type: 'default' } }] : [entry];
}

function cachePoint(turn: Turn): { cachePoint?: CachePoint } {
  const isMarked = turn.parts.some((part) => 'cachePoint' in part && part.cachePoint);
  return isMarked ? { cachePoint: { type: 'default' } } : {};
}
