/**
 * The same conversation through LangChain for JavaScript; prints one JSON object, a field for each client.
 * Arguments: the folder of modules. Environment: as for session.py.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const MODEL = process.env.MODEL;
const QUESTION = 'Look it up.\nuse get_weather {"city": "Paris"}';
const RESULT = '21 degrees';
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const FUNCTION = {
  type: 'function',
  function: { name: 'get_weather', description: 'The weather', parameters: PARAMETERS },
};

const require = createRequire(`${process.argv[2]}/session.cjs`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { ChatOpenAI } = await load('@langchain/openai');
const { ChatAnthropic } = await load('@langchain/anthropic');
const { HumanMessage, ToolMessage } = await load('@langchain/core/messages');

const { env } = process;
const configuration = { baseURL: env.OPENAI_BASE_URL, apiKey: env.OPENAI_API_KEY };

const CLIENTS = {
  'LangChain, Chat Completions': () => new ChatOpenAI({ model: MODEL, configuration }),
  'LangChain, Responses': () => new ChatOpenAI({ model: MODEL, useResponsesApi: true, configuration }),
  'LangChain, Messages': () =>
    new ChatAnthropic({ model: MODEL, anthropicApiUrl: env.ANTHROPIC_BASE_URL, apiKey: env.ANTHROPIC_API_KEY }),
};

async function converse(model) {
  const bound = model.bindTools([FUNCTION]);
  const question = new HumanMessage(QUESTION);
  const first = await bound.invoke([question]);
  const [call] = first.tool_calls;
  if (call?.args.city !== 'Paris') throw new Error(`unexpected call: ${JSON.stringify(first)}`);
  const result = new ToolMessage({ content: RESULT, tool_call_id: call.id });
  let text = '';
  for await (const chunk of await bound.stream([question, first, result])) text += chunk.text;
  return text;
}

const answers = {};
for (const [name, open] of Object.entries(CLIENTS)) {
  answers[name] = await converse(open()).catch((error) => `failed: ${error}`);
}
process.stdout.write(`${JSON.stringify(answers)}\n`);
