/**
 * Structured output through the complete program: a model whose first answer is invalid, a hundred schemas, and the parse
 * helpers of the official SDKs. They get a valid object or an error, never anything else.
 */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { generateObject, streamObject } from 'ai';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ReplyStep, Script } from '../../src/simulator/script.ts';
import { scaled } from '../support/scale.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { SCHEMA_CASES, type SchemaCase } from './json-schemas.ts';

const MODEL = 'claude-sonnet-4.5';
const MESSAGES = [{ role: 'user' as const, content: 'Answer.' }];

/** Invalid answers, used in turn by the cases. */
const WRONG: readonly ((schemaCase: SchemaCase) => readonly ReplyStep[])[] = [
  ({ invalid }) => [JSON.stringify(invalid)],
  ({ invalid }) => [`\`\`\`json\n${JSON.stringify(invalid, null, 2)}\n\`\`\``],
  ({ valid }) => [`Here you are: ${JSON.stringify(valid)}`],
  ({ valid }) => [`${JSON.stringify(valid)}}`],
  () => ['I would rather not.'],
];
const RIGHT: readonly ((schemaCase: SchemaCase) => readonly ReplyStep[])[] = [
  ({ valid }) => [JSON.stringify(valid)],
  ({ valid }) => [`\n${JSON.stringify(valid, null, 2)}\n`],
  ({ valid }) => [`Corrected:\n\`\`\`json\n${JSON.stringify(valid)}\n\`\`\`\n`],
  ({ valid }) => [{ reasoning: 'Let me see.' }, JSON.stringify(valid)],
];

function pick<T>(list: readonly T[], at: number): T {
  const [first] = list;
  if (first === undefined) throw new Error('an empty list');
  return list[at % list.length] ?? first;
}

/** The first answer to each case is invalid; the second is valid or invalid again. */
function scriptOf(cases: readonly SchemaCase[], second: 'right' | 'wrong'): Script {
  return {
    replies: cases.flatMap((schemaCase, at) => [
      { times: 1, steps: pick(WRONG, at)(schemaCase) },
      { times: 1, steps: pick(second === 'right' ? RIGHT : WRONG, at + 1)(schemaCase) },
    ]),
  };
}

interface Helper {
  readonly name: string;
  parse(gateway: TestGateway, schemaCase: SchemaCase): Promise<unknown>;
}

function openAi({ url, apiKey }: TestGateway): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 2 });
}

function anthropic({ url, apiKey }: TestGateway): Anthropic {
  return new Anthropic({ baseURL: url, apiKey, maxRetries: 2 });
}

function openAiFormat({ schema }: SchemaCase) {
  return { type: 'json_schema' as const, json_schema: { name: 'answer', schema: { ...schema }, strict: true } };
}

const HELPERS: readonly Helper[] = [
  {
    name: "OpenAI's parse",
    async parse(gateway, schemaCase) {
      const response_format = openAiFormat(schemaCase);
      const completion = await openAi(gateway).chat.completions.parse({
        model: MODEL,
        messages: MESSAGES,
        response_format,
      });
      return completion.choices[0]?.message.parsed;
    },
  },
  {
    name: "OpenAI's stream helper",
    async parse(gateway, schemaCase) {
      const response_format = openAiFormat(schemaCase);
      const stream = openAi(gateway).chat.completions.stream({ model: MODEL, messages: MESSAGES, response_format });
      return (await stream.finalChatCompletion()).choices[0]?.message.parsed;
    },
  },
  {
    name: "Anthropic's parse",
    async parse(gateway, schemaCase) {
      const format = {
        type: 'json_schema' as const,
        schema: { ...schemaCase.schema },
        parse: (text: string) => JSON.parse(text),
      };
      const message = await anthropic(gateway).messages.parse({
        model: MODEL,
        max_tokens: 1_000,
        messages: MESSAGES,
        output_config: { format },
      });
      return message.parsed_output;
    },
  },
];

/** A thousand requests and more; how long they take is not what is tested. */
const TIMEOUT_MS = 180_000;

/** Every schema meets one of the helpers, and each helper all schemas in `npm run test:full`. */
function casesFor({ parse }: Pick<Helper, 'parse'>): readonly SchemaCase[] {
  const helper = HELPERS.findIndex((candidate) => candidate.parse === parse);
  const step = scaled({ usual: HELPERS.length, full: 1 });
  return SCHEMA_CASES.filter((_, at) => at % step === helper % step);
}

describe.each(HELPERS)('$name', { timeout: TIMEOUT_MS }, ({ parse }) => {
  it('gets a valid object although the first answer was invalid', async () => {
    const cases = casesFor({ parse });
    await using gateway = await startTestGateway({ script: scriptOf(cases, 'right') });
    expect(SCHEMA_CASES.length).toBeGreaterThanOrEqual(100);
    for (const schemaCase of cases) expect(await parse(gateway, schemaCase), schemaCase.name).toEqual(schemaCase.valid);
  });

  it('gets an error at once if the second answer is invalid too', async () => {
    const cases = casesFor({ parse });
    await using gateway = await startTestGateway({ script: scriptOf(cases, 'wrong') });
    for (const schemaCase of cases) {
      const failure = await parse(gateway, schemaCase).then(
        (parsed) => expect.fail(`${schemaCase.name}: parsed ${JSON.stringify(parsed)}`),
        (cause: unknown) => cause,
      );
      expect(failure, schemaCase.name).toMatchObject({
        status: 502,
        message: expect.stringContaining('even on a second attempt'),
      });
    }
    expect(gateway.simulator.requests.filter(({ rawBody }) => rawBody.startsWith('{"conv')).length).toBe(
      2 * cases.length,
    );
  });
});

describe('the built-in model of the simulator', { timeout: TIMEOUT_MS }, () => {
  it.each(HELPERS)('answers every schema with valid JSON at once: $name', async ({ parse }) => {
    const cases = casesFor({ parse });
    await using gateway = await startTestGateway();
    for (const schemaCase of cases) {
      const parsed = await parse(gateway, schemaCase);
      expect(schemaProblems(schemaCase.schema, parsed), schemaCase.name).toEqual([]);
    }
    expect(gateway.simulator.chatRequests).toHaveLength(cases.length);
  });
});

/** Checked by Ajv itself, independent of both sides. */
function schemaProblems(schema: SchemaCase['schema'], value: unknown): readonly unknown[] {
  const Validator = String(schema.$schema).includes('draft-07') ? Ajv : Ajv2020;
  const ajv = new Validator({ strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  validate(value);
  return validate.errors ?? [];
}

const Invoice = z.object({
  number: z.string().regex(/^INV-\d+$/),
  lines: z.array(z.object({ what: z.string(), amount: z.number().min(0) })).min(1),
  paid: z.boolean().nullable(),
});
const INVOICE = { number: 'INV-7', lines: [{ what: 'tea "çay"', amount: 2.5 }], paid: null };

describe('schemas made by zod', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const wrong = JSON.stringify({ ...INVOICE, paid: 'not yet' });
    const replies = [
      { when: { text: 'This answer is not JSON that is valid' }, steps: [JSON.stringify(INVOICE)] },
      { when: { text: 'Bill me.' }, steps: [wrong] },
      {
        when: { text: 'Look it up.' },
        steps: ['Let me look. ', { tool: 'find', input: { id: 7 } }] satisfies ReplyStep[],
      },
      { when: { text: 'Be short.' }, steps: [JSON.stringify(INVOICE)] },
    ];
    gateway = await startTestGateway({ script: { replies } });
  });
  afterAll(() => gateway.close());

  const ask = (content: string) => ({ model: MODEL, messages: [{ role: 'user' as const, content }] });

  it("are kept for OpenAI's SDK", async () => {
    const response_format = zodResponseFormat(Invoice, 'invoice');
    const { data, response } = await openAi(gateway)
      .chat.completions.create({ ...ask('Bill me.'), response_format })
      .withResponse();
    expect(JSON.parse(data.choices[0]?.message.content ?? '')).toEqual(INVOICE);
    expect(response.headers.get('x-dragoman-adjustments')).toContain('json-repaired');
    const parsed = await openAi(gateway).chat.completions.parse({ ...ask('Bill me.'), response_format });
    expect(parsed.choices[0]?.message.parsed).toEqual(INVOICE);
  });

  it("are kept for Anthropic's SDK, streamed too", async () => {
    const request = { ...ask('Bill me.'), max_tokens: 500, output_config: { format: zodOutputFormat(Invoice) } };
    expect((await anthropic(gateway).messages.parse(request)).parsed_output).toEqual(INVOICE);
    const streamed = await anthropic(gateway).messages.stream(request).finalMessage();
    expect(streamed.parsed_output).toEqual(INVOICE);
  });

  it('are kept for the AI SDK, streamed or not, in both protocols', async () => {
    const { url, apiKey } = gateway;
    const compatible = createOpenAICompatible({
      name: 'dragoman',
      baseURL: `${url}/v1`,
      apiKey,
      supportsStructuredOutputs: true,
    });
    for (const model of [compatible(MODEL), createAnthropic({ baseURL: `${url}/v1`, apiKey })(MODEL)]) {
      const { object } = await generateObject({ model, schema: Invoice, prompt: 'Bill me.' });
      expect(object).toEqual(INVOICE);
      const streamed = streamObject({ model, schema: Invoice, prompt: 'Bill me.' });
      for await (const _partial of streamed.partialObjectStream);
      expect(await streamed.object).toEqual(INVOICE);
    }
  });

  it('do not apply to a turn that calls a tool first, whose text that is not JSON is dropped', async () => {
    const completion = await openAi(gateway).chat.completions.parse({
      ...ask('Look it up.'),
      tools: [zodFunction({ name: 'find', parameters: z.object({ id: z.number() }) })],
      response_format: zodResponseFormat(Invoice, 'invoice'),
    });
    const [choice] = completion.choices;
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: null, parsed: null } });
    expect(choice?.message.tool_calls).toMatchObject([{ function: { name: 'find', parsed_arguments: { id: 7 } } }]);
  });

  it('that are cut off by a limit are reported as cut off', async () => {
    const request = { ...ask('Be short.'), max_tokens: 5, response_format: zodResponseFormat(Invoice, 'invoice') };
    await expect(openAi(gateway).chat.completions.parse(request)).rejects.toThrow(/length limit/);
  });
});
