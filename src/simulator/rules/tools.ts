/** Rules for tools: declarations, calls and results. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { IMPROPERLY_FORMED, validation } from '../refusal.ts';
import { type CheckedChat, firstFault, isAssistant, isUser, type Rule, toolResultsOf, toolUsesOf } from './rule.ts';

const NAME_OR_ID = /^[a-zA-Z0-9_-]{1,64}$/;
const MAX_DESCRIPTION_CHARS = 10_240;
const INVALID_FORMAT = validation('Invalid tool use format.');
const INVALID_SCHEMA = validation('Improperly formed request.', 'TOOL_SCHEMA_INVALID');
const NOT_PAIRED = validation('Improperly formed request.', 'TOOL_USE_RESULT_MISMATCH');

export const TOOL_RULES: readonly Rule<CheckedChat>[] = [
  {
    id: 'tools-in-history',
    says: 'Tools are declared in the current message alone.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ request }) =>
      firstFault(request.conversationState.history ?? [], (message, index) =>
        isUser(message) && message.userInputMessage.userInputMessageContext?.tools ? `history[${index}]` : undefined,
      ),
  },
  {
    id: 'tool-name',
    says: 'Tool names have 1 to 64 letters, digits, _ and -.',
    refusal: INVALID_FORMAT,
    broken: ({ tools, messages }) => {
      const used = messages.flatMap((message) => toolUsesOf(message).map(({ name }) => name));
      return [...tools.map(({ name }) => name), ...used].find((name) => !NAME_OR_ID.test(name));
    },
  },
  {
    id: 'tool-duplicate',
    says: 'Tool names differ by more than their case.',
    refusal: validation('Improperly formed request.', 'TOOL_DUPLICATE'),
    broken: ({ tools }) => {
      const names = tools.map(({ name }) => name.toLowerCase());
      return names.find((name, index) => names.indexOf(name) < index);
    },
  },
  {
    id: 'tool-description',
    says: 'A tool description has 1 to 10,240 characters.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ tools }) =>
      tools.find(({ description }) => description === '' || (description?.length ?? 0) > MAX_DESCRIPTION_CHARS)?.name,
  },
  {
    id: 'tool-schema-root',
    says: 'A tool schema is of type object at its root.',
    refusal: INVALID_SCHEMA,
    broken: ({ tools }) =>
      tools.find(({ inputSchema: { json } }) => {
        if (!isJsonObject(json) || json.type !== 'object') return true;
        return 'properties' in json && !isJsonObject(json.properties);
      })?.name,
  },
  {
    id: 'tool-schema-combinator',
    says: 'A tool schema has no oneOf, anyOf or allOf at its root.',
    refusal: validation('input_schema does not support oneOf, allOf, or anyOf at the top level', 'TOOL_SCHEMA_INVALID'),
    broken: ({ tools }) =>
      tools.find(({ inputSchema: { json } }) => 'oneOf' in json || 'anyOf' in json || 'allOf' in json)?.name,
  },
  {
    id: 'tool-schema-keyword',
    says: 'A tool schema has no null, no $schema, no numeric exclusive bounds and no bounds beyond 32 bits.',
    refusal: INVALID_SCHEMA,
    strictOnly: true,
    broken: ({ tools }) => firstFault(tools, ({ name, inputSchema }) => findSchemaKeyword(inputSchema.json, name)),
  },
  {
    id: 'tool-use-id',
    says: 'Tool call ids have 1 to 64 letters, digits, _ and -.',
    refusal: INVALID_FORMAT,
    broken: ({ messages }) =>
      messages
        .flatMap((message) => [...toolUsesOf(message), ...toolResultsOf(message)])
        .find(({ toolUseId }) => !NAME_OR_ID.test(toolUseId))?.toolUseId,
  },
  {
    id: 'tool-use-duplicate',
    says: 'No two tool calls of a conversation have the same id.',
    refusal: NOT_PAIRED,
    broken: ({ messages }) => {
      const ids = messages.flatMap((message) => toolUsesOf(message).map(({ toolUseId }) => toolUseId));
      const seen = new Set<string>();
      return ids.find((id) => seen.size === seen.add(id).size);
    },
  },
  {
    id: 'tool-use-input',
    says: 'The input of a tool call is a JSON object without empty keys.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ messages }) =>
      messages.flatMap(toolUsesOf).find(({ input }) => !isJsonObject(input) || hasEmptyKey(input))?.toolUseId,
  },
  {
    id: 'tool-config-missing',
    says: 'Where messages have tool calls or results, some tool is declared, though not necessarily theirs.',
    refusal: validation('Improperly formed request.', 'TOOL_CONFIG_MISSING'),
    broken: ({ messages, tools }) => {
      // Official clients omit the tools of a mode that the user has left, while their calls stay in history.
      if (tools.length > 0) return undefined;
      return messages.flatMap((message) => [...toolUsesOf(message), ...toolResultsOf(message)])[0]?.toolUseId;
    },
  },
  {
    id: 'tool-pairing',
    says: 'Each tool call has exactly one result in the next user message, and each result its call right before.',
    refusal: NOT_PAIRED,
    broken: ({ messages }) =>
      firstFault(messages, (message, index) => {
        const uses = toolUsesOf(messages[index - 1]).map(({ toolUseId }) => toolUseId);
        const results = toolResultsOf(message).map(({ toolUseId }) => toolUseId);
        if (isAssistant(message)) return undefined;
        return uses.length === results.length && uses.every((id) => results.includes(id))
          ? undefined
          : `message ${index}`;
      }),
  },
  {
    id: 'tool-result-order',
    says: 'Results stand in the order of their calls.',
    refusal: NOT_PAIRED,
    strictOnly: true,
    broken: ({ messages }) =>
      firstFault(messages, (message, index) => {
        const results = toolResultsOf(message);
        const uses = toolUsesOf(messages[index - 1]);
        return results.some(({ toolUseId }, at) => toolUseId !== uses[at]?.toolUseId) ? `message ${index}` : undefined;
      }),
  },
  {
    id: 'tool-result-content',
    says: 'A tool result has content, and text which is not empty.',
    refusal: IMPROPERLY_FORMED,
    broken: ({ messages }) =>
      messages
        .flatMap((message) => toolResultsOf(message))
        .find(({ content }) => !content.some((block) => 'json' in block || block.text !== ''))?.toolUseId,
  },
];

/** Keywords whose values are data, not schemas. */
const DATA: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'examples']);
/** Keywords that hold schemas under arbitrary names. */
const NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);
const MAX_BOUND = 2_147_483_647;

function findSchemaKeyword(schema: JsonObject, path: string): string | undefined {
  for (const [keyword, value] of Object.entries(schema)) {
    const where = `${path}.${keyword}`;
    if (keyword === '$schema') return where;
    if (DATA.has(keyword)) continue;
    if (value === null) return where;
    if (typeof value === 'number' && isRefusedNumber(keyword, value)) return where;
    const inner: readonly JsonValue[] =
      NAMED.has(keyword) && isJsonObject(value) ? Object.values(value) : Array.isArray(value) ? value : [value];
    for (const item of inner) {
      if (item === null) return where;
      const fault = isJsonObject(item) ? findSchemaKeyword(item, where) : undefined;
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function isRefusedNumber(keyword: string, value: number): boolean {
  if (keyword === 'exclusiveMinimum' || keyword === 'exclusiveMaximum') return true;
  return (keyword === 'minimum' || keyword === 'maximum') && Math.abs(value) > MAX_BOUND + 1;
}

function hasEmptyKey(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(hasEmptyKey);
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(([key, member]) => key === '' || hasEmptyKey(member));
}
