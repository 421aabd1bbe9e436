/**
 * A tool call and its result, through the gateway and the official OpenAI SDK.
 * Run it while `npm run demo` or `npm start` is running: node examples/tool-calling.ts
 */
import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.OPENAI_API_KEY ?? 'local',
});

const runner = client.chat.completions.runTools({
  model: 'claude-sonnet-4.5',
  stream: true,
  messages: [{ role: 'user', content: 'What is the weather in Istanbul? Use the get_weather tool.' }],
  tools: [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The current weather in a city.',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        parse: JSON.parse,
        function: ({ city }: { city: string }) => JSON.stringify({ city, temperature_c: 21, sky: 'clear' }),
      },
    },
  ],
});

runner.on('functionToolCall', (call) => console.log(`tool: ${call.name}(${call.arguments})`));
runner.on('functionToolCallResult', (result) => console.log(`result: ${result}`));
runner.on('content', (piece) => process.stdout.write(piece));
await runner.done();
console.log();
