/** All rules for chat requests, in the order in which the service presumably checks them. */
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import type { GenerateAssistantResponseRequest } from '../../upstreams/codewhisperer/wire.ts';
import type { SimulatedModel } from '../catalogue.ts';
import { Refused } from '../refusal.ts';
import type { Signatures } from '../signatures.ts';
import { BODY_RULES } from './body.ts';
import { CONVERSATION_RULES, WINDOW_RULES } from './conversation.ts';
import { countInputTokens } from './input-tokens.ts';
import { MEDIA_RULES } from './media.ts';
import { type CheckedChat, type RawChat, type Rule, specificationsOf } from './rule.ts';
import { TOOL_RULES } from './tools.ts';

export const CHAT_RULES: readonly Rule<CheckedChat>[] = [
  ...CONVERSATION_RULES,
  ...TOOL_RULES,
  ...MEDIA_RULES,
  ...WINDOW_RULES,
];

export interface CheckOptions {
  readonly strict: boolean;
  readonly models: readonly SimulatedModel[];
  readonly signatures: Signatures;
}

/** Throws Refused for the first violated rule. */
export function checkBody(raw: Omit<RawChat, 'body'>, options: CheckOptions): CheckedChat {
  const input: RawChat = { ...raw, body: parseJson(raw.bytes) };
  enforce(BODY_RULES, input, options.strict);
  // The body rules have just checked it against the shape of this type.
  return openChat(input.body as unknown as GenerateAssistantResponseRequest, options);
}

/** Throws Refused for the first violated rule. */
export function checkChat(chat: CheckedChat, strict: boolean): void {
  enforce(CHAT_RULES, chat, strict);
}

function enforce<Input>(rules: readonly Rule<Input>[], input: Input, strict: boolean): void {
  for (const rule of rules) {
    if (rule.strictOnly && !strict) continue;
    const where = rule.broken(input);
    if (where !== undefined) throw new Refused(rule.refusal, rule.id, where);
  }
}

function openChat(request: GenerateAssistantResponseRequest, { models, signatures }: CheckOptions): CheckedChat {
  const { history = [], currentMessage } = request.conversationState;
  const current = currentMessage.userInputMessage;
  return {
    request,
    messages: [...history, currentMessage],
    current,
    tools: specificationsOf(current.userInputMessageContext?.tools ?? []),
    models,
    model: current.modelId === undefined ? models[0] : models.find(({ modelId }) => modelId === current.modelId),
    inputTokens: countInputTokens(request),
    signatures,
  };
}

/** Undefined if the body is not JSON in UTF-8. */
function parseJson(bytes: Buffer): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
