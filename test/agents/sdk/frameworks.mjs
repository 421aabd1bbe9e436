/**
 * One question with a tool through JavaScript agent frameworks; prints one JSON object, a field for each.
 * Arguments: the folder of modules. Environment: as for session.py.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const MODEL = process.env.MODEL;
const QUESTION = 'Look it up.\nuse get_weather {"city": "Paris"}';
const { env } = process;

const require = createRequire(`${process.argv[2]}/frameworks.cjs`);
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { z } = await load('zod');

async function getWeather({ city }) {
  if (city !== 'Paris') throw new Error(`unexpected city: ${city}`);
  return '21 degrees';
}

const tool = { description: 'The weather in a city', schema: z.object({ city: z.string() }) };

async function mastra(model) {
  const { Agent } = await load('@mastra/core/agent');
  const { createTool } = await load('@mastra/core/tools');
  const get_weather = createTool({
    id: 'get_weather',
    description: tool.description,
    inputSchema: tool.schema,
    execute: getWeather,
  });
  const agent = new Agent({ id: 'weather', name: 'weather', instructions: 'Be short.', model, tools: { get_weather } });
  const stream = await agent.stream(QUESTION);
  let last = '';
  for await (const chunk of stream.fullStream) {
    if (chunk.type === 'step-start') last = '';
    if (chunk.type === 'text-delta') last += chunk.payload.text;
    if (chunk.type === 'error') throw chunk.payload.error;
  }
  return last;
}

async function openaiAgents(api) {
  const {
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    run,
    setTracingDisabled,
    tool: declare,
  } = await load('@openai/agents');
  const { default: OpenAI } = await load('openai');
  setTracingDisabled(true);
  const client = new OpenAI({ baseURL: env.OPENAI_BASE_URL, apiKey: env.OPENAI_API_KEY });
  const Model = api === 'chat' ? OpenAIChatCompletionsModel : OpenAIResponsesModel;
  const weather = declare({
    name: 'get_weather',
    description: tool.description,
    parameters: tool.schema,
    execute: getWeather,
  });
  const agent = new Agent({
    name: 'weather',
    instructions: 'Be short.',
    model: new Model(client, MODEL),
    tools: [weather],
  });
  const result = await run(agent, QUESTION, { stream: true });
  await result.completed;
  return result.finalOutput;
}

const FRAMEWORKS = {
  'Mastra, by base URL': () =>
    mastra({ id: `dragoman/${MODEL}`, url: env.OPENAI_BASE_URL, apiKey: env.OPENAI_API_KEY }),
  'Mastra, with a provider of the AI SDK': async () => {
    const { createAnthropic } = await load('@ai-sdk/anthropic');
    const provider = createAnthropic({ baseURL: `${env.ANTHROPIC_BASE_URL}/v1`, apiKey: env.ANTHROPIC_API_KEY });
    return mastra(provider(MODEL));
  },
  'OpenAI Agents SDK, Chat Completions': () => openaiAgents('chat'),
  'OpenAI Agents SDK, Responses': () => openaiAgents('responses'),
};

const answers = {};
for (const [name, answer] of Object.entries(FRAMEWORKS)) {
  answers[name] = await answer().catch((error) => `failed: ${error?.stack ?? error}`);
}
process.stdout.write(`${JSON.stringify(answers)}\n`);
