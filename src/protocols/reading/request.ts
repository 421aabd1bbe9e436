/** Turns a request into a conversation, whichever dialects its parts use. */
import type { Conversation } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Steps } from '../../core/steps.ts';
import type { WebSearchOption } from '../../core/web-search.ts';
import { refuse } from '../shape.ts';
import { readConversation } from './conversation.ts';
import { type Entries, toolListsIn } from './entries.ts';
import { readInstructions } from './instructions.ts';
import { readLimits } from './limits.ts';
import { readOutputFormat } from './output-format.ts';
import type { Reading } from './reading.ts';
import { readReasoningOptions } from './reasoning-options.ts';
import { forcedName, makeChoice, shapeOfChoice } from './tool-choice.ts';
import { ToolReader } from './tools.ts';
import { noteSearchOptions } from './web-search-tool.ts';

type ReadRequest = Omit<Conversation, 'model' | 'key' | 'environment'>;

export interface RequestReading {
  readonly conversation: ReadRequest;
  readonly tools: ToolReader;
}

/** Throws GatewayError with blame `client` for unsupported input that would change the meaning of the reply. */
export function* readRequest(request: object, { at, entries }: Entries, reading: Reading): Steps<RequestReading> {
  const fields = request as JsonObject; // parsed from JSON
  const tools = new ToolReader(reading);
  const declares = isGiven(fields.tools) || isGiven(fields.functions) || isGiven(fields.web_search_options);
  if (declares) yield* declareTools(fields, tools, reading);
  for (const list of toolListsIn(entries)) yield* tools.readList(list);
  const choiceAt = isGiven(fields.tool_choice) || !isGiven(fields.function_call) ? 'tool_choice' : 'function_call';
  if (choiceAt === 'tool_choice' && isGiven(fields.function_call))
    reading.notes.add('parameter-ignored', 'function_call');
  const choice = shapeOfChoice(fields[choiceAt], choiceAt, reading);
  const system = readInstructions(request, reading);
  const { system: instructions, turns } = yield* readConversation(entries, system, at, reading);
  const offered = tools.offered(forcedName(choice, reading));
  const { webSearch, ...chosen } = makeChoice(choice, offered, tools, reading);
  return {
    conversation: {
      system: instructions,
      turns,
      ...chosen,
      ...(webSearch ? { webSearch } : {}),
      parallelToolUse: mayUseInParallel(fields, reading),
      reasoning: readReasoningOptions(request, reading),
      output: { ...readLimits(request, reading), format: readOutputFormat(request, reading) },
    },
    tools,
  };
}

function* declareTools(
  { tools, functions, web_search_options: search }: JsonObject,
  reader: ToolReader,
  reading: Reading,
): Steps<void> {
  if (isListed(tools) && isListed(functions))
    throw refuse('functions', 'cannot be combined with tools; send the functions as tools.');
  if (Array.isArray(tools)) yield* reader.readList({ at: 'tools', tools });
  if (Array.isArray(functions)) yield* reader.readLegacyFunctions(functions);
  if (search) {
    reader.webSearch ??= SEARCH_OPTIONS;
    if (isJsonObject(search)) noteSearchOptions(search, 'web_search_options', reading);
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isListed(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

/** The option has no limits. The service decides the context size and location. */
const SEARCH_OPTIONS: WebSearchOption = {
  at: 'web_search_options',
  maxUses: undefined,
  allowedDomains: [],
  blockedDomains: [],
  isRequired: false,
};

/** OpenAI's option is next to the tool choice, Anthropic's inside it. */
function mayUseInParallel(
  { parallel_tool_calls: parallel, tool_choice: choice }: JsonObject,
  reading: Reading,
): boolean {
  if (parallel === false) {
    if (reading.api === 'anthropic') reading.spelled('openai-chat', 'parallel_tool_calls', 'parallel_tool_calls');
    return false;
  }
  if (!isJsonObject(choice) || choice.disable_parallel_tool_use !== true) return true;
  reading.spelled('anthropic', 'disable_parallel_tool_use', 'tool_choice.disable_parallel_tool_use');
  return false;
}
