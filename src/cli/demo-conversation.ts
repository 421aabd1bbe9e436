/** The demo conversation with the gateway through the official OpenAI SDK: a chat, then a tool call and its result. */
import type { OpenAI } from 'openai';
import type { Terminal } from './terminal.ts';

type Message = OpenAI.ChatCompletionMessageParam;
type Tool = OpenAI.ChatCompletionTool;

export interface DemoConversation {
  readonly answer: string;
  readonly toolCall: { readonly name: string; readonly arguments: string };
  readonly answerAfterTool: string;
}

const MODEL = 'claude-sonnet-4.5';
const FIRST = 'Hello! Who is answering me?';
const SECOND = 'What is the weather in Istanbul? Use the get_weather tool.';
const WEATHER = '{"temperature_c":21,"sky":"clear"}';

const TOOL: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The present weather in a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', description: 'The city' } },
      required: ['city'],
    },
  },
};

/** Prints only if given a terminal. Throws if a reply is empty or the tool is not called. */
export async function holdConversation(baseUrl: string, terminal: Terminal | undefined): Promise<DemoConversation> {
  const client = await createClient(baseUrl);
  const say = (label: string, text: string) => terminal?.out(`\n${terminal.style('dim', label.padEnd(9))} ${text}`);
  const show = (piece: string) => terminal?.out(piece);

  say('you', FIRST);
  say('model', '');
  const { text: answer } = await streamed(client, [{ role: 'user', content: FIRST }], [], show);
  const history: Message[] = [{ role: 'user', content: SECOND }];
  terminal?.out('\n');
  say('you', SECOND);
  say('model', '');
  const { text, calls } = await streamed(client, history, [TOOL], show);
  const [call] = calls;
  if (!call) throw new Error('The model did not call the requested tool.');
  say('tool', `${call.function.name}(${call.function.arguments})`);
  say('result', WEATHER);
  history.push({ role: 'assistant', content: text || null, tool_calls: [call] });
  history.push({ role: 'tool', tool_call_id: call.id, content: WEATHER });
  say('model', '');
  const { text: answerAfterTool } = await streamed(client, history, [TOOL], show);
  terminal?.out('\n');
  if (!answer || !answerAfterTool) throw new Error('The model returned an empty reply.');
  return { answer, toolCall: { name: call.function.name, arguments: call.function.arguments }, answerAfterTool };
}

async function createClient(baseURL: string): Promise<OpenAI> {
  try {
    const { OpenAI } = await import('openai');
    return new OpenAI({ baseURL, apiKey: 'local', maxRetries: 0 });
  } catch (cause) {
    throw new Error('The demo needs the official OpenAI SDK, which is not installed. Run: npm install openai', {
      cause,
    });
  }
}

async function streamed(client: OpenAI, messages: Message[], tools: Tool[], show: (piece: string) => void) {
  const stream = client.chat.completions.stream({ model: MODEL, messages, ...(tools.length > 0 ? { tools } : {}) });
  stream.on('content', show);
  const { choices } = await stream.finalChatCompletion();
  const message = choices[0]?.message;
  const calls = (message?.tool_calls ?? []).filter((call) => call.type === 'function');
  return { text: message?.content ?? '', calls };
}
