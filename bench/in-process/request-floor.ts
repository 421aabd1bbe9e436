/**
 * The smallest program that translates a large conversation of the benchmark: JSON.parse, one pass that builds the body for the
 * service, JSON.stringify, UTF-8. It checks nothing, has no limits and remembers nothing.
 */

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly tool_use_id?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly content?: readonly { readonly text: string }[];
}

interface Call {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

/** As large-conversation.ts writes it, in either protocol. */
interface Message {
  readonly role: string;
  readonly content: string | readonly Block[];
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly Call[];
}

interface Declaration {
  readonly name: string;
  readonly description: string;
  readonly parameters?: unknown;
  readonly input_schema?: unknown;
}

interface Request {
  readonly messages: readonly Message[];
  readonly tools: readonly (Declaration | { readonly function: Declaration })[];
}

export function floorRequest(body: Buffer): Buffer {
  const { messages, tools }: Request = JSON.parse(body.toString('utf8'));
  const context = { tools: tools.map(declared) };
  const currentMessage = { userInputMessage: { content: '', userInputMessageContext: context } };
  return Buffer.from(JSON.stringify({ conversationState: { history: messages.map(historyMessage), currentMessage } }));
}

function historyMessage({ role, content, tool_call_id: resultId, tool_calls: calls }: Message): object {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  let text = '';
  const results: object[] = [];
  const uses: object[] = [];
  for (const block of blocks) {
    if (resultId !== undefined) results.push(toolResult(resultId, [{ text: block.text ?? '' }]));
    else if (block.type === 'text') text += block.text ?? '';
    else if (block.type === 'tool_result') results.push(toolResult(block.tool_use_id ?? '', block.content ?? []));
    else uses.push({ toolUseId: block.id, name: block.name, input: block.input });
  }
  for (const { id, function: called } of calls ?? [])
    uses.push({ toolUseId: id, name: called.name, input: JSON.parse(called.arguments) });
  return role === 'assistant'
    ? { assistantResponseMessage: { content: text, toolUses: uses } }
    : { userInputMessage: { content: text, userInputMessageContext: { toolResults: results } } };
}

function toolResult(toolUseId: string, content: readonly { readonly text: string }[]): object {
  return { toolUseId, status: 'success', content: content.map(({ text }) => ({ text })) };
}

function declared(tool: Request['tools'][number]): object {
  const { name, description, parameters, input_schema: schema } = 'function' in tool ? tool.function : tool;
  return { toolSpecification: { name, description, inputSchema: { json: parameters ?? schema } } };
}
