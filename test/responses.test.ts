/** Stored responses with the official SDK: continued, fetched, streamed, cancelled, and private to one API key. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, tool } from 'ai';
import OpenAI from 'openai';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ScriptedReply } from '../src/simulator/script.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const MODEL = 'claude-sonnet-4.5';
const OTHER_KEY = 'sk-test-other';
const STALL: ScriptedReply = { steps: [{ text: ['One ', 'two '] }, { cut: 'stall' }] };

function open(...replies: readonly ScriptedReply[]): Promise<TestGateway> {
  return startTestGateway({ script: { replies } });
}

function clientOf({ url, apiKey }: Pick<TestGateway, 'url' | 'apiKey'>): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

function lastAsked({ simulator }: TestGateway): string {
  return simulator.chatRequests.at(-1)?.rawBody ?? '';
}

const ended = async (client: OpenAI, id: string): Promise<OpenAI.Responses.Response> =>
  vi.waitFor(async () => {
    const response = await client.responses.retrieve(id);
    expect(response.status).not.toMatch(/queued|in_progress/);
    return response;
  }, 10_000);

describe('a stored response', () => {
  it('is continued by its id over several turns, without its instructions', async () => {
    await using gateway = await open({ steps: ['Blue.'] });
    const { responses } = clientOf(gateway);
    const first = await responses.create({ model: MODEL, input: 'It is blue.', instructions: 'Rhyme.' });
    const second = await responses.create({ model: MODEL, input: 'Twice.', previous_response_id: first.id });
    const stream = responses.stream({ model: MODEL, input: 'Which was it?', previous_response_id: second.id });
    const third = await stream.finalResponse();
    expect(third).toMatchObject({ previous_response_id: second.id, output_text: 'Blue.' });
    const asked = lastAsked(gateway);
    for (const words of ['It is blue.', 'Twice.', 'Which was it?']) expect(asked).toContain(words);
    expect(asked).not.toContain('Rhyme.');
    const fourth = await responses.create({ model: MODEL, input: 'And now?', previous_response_id: third.id });
    expect(fourth.output_text).toBe('Blue.');
  });

  it.each([
    ['signed', 'claude-opus-4.6', /"signature":"/g],
    ['redacted', 'gpt-5.6-terra', /"redactedContent":"/g],
  ])('sends reasoning back %s, whether it is stored here or by the client', async (_how, model, mark) => {
    await using gateway = await open();
    const { responses } = clientOf(gateway);
    const asked = { model, input: 'Think of a colour.', reasoning: { effort: 'high' as const } };
    const first = await responses.create(asked);
    await responses.create({ ...asked, input: 'Which?', previous_response_id: first.id });
    expect(lastAsked(gateway).match(mark)).toHaveLength(1);
    const kept = await responses.create({ ...asked, store: false, include: ['reasoning.encrypted_content'] });
    const output = kept.output as OpenAI.Responses.ResponseInputItem[]; // made to be sent back
    const input = [{ role: 'user' as const, content: asked.input }, ...output];
    await responses.create({ ...asked, store: false, input: [...input, { role: 'user', content: 'Which?' }] });
    expect(lastAsked(gateway).match(mark)).toHaveLength(1);
    expect(gateway.simulator.requests.filter(({ status = 0 }) => status >= 400)).toEqual([]);
  });

  it('provides items for later requests', async () => {
    await using gateway = await open({ steps: ['Blue.'] });
    const { responses } = clientOf(gateway);
    const { output } = await responses.create({ model: MODEL, input: 'Hi' });
    const [item] = output;
    await responses.create({
      model: MODEL,
      input: [
        { type: 'item_reference', id: String(item?.id) },
        { role: 'user', content: 'Go on.' },
      ],
    });
    expect(lastAsked(gateway)).toContain('Blue.');
  });

  it('is not read for a request that names more items than the limit', async () => {
    await using gateway = await open();
    const { responses } = clientOf(gateway);
    const { output } = await responses.create({ model: MODEL, input: 'Hi' });
    const input = Array.from({ length: 20_000 }, () => ({
      type: 'item_reference' as const,
      id: String(output[0]?.id),
    }));
    await expect(responses.create({ model: MODEL, input })).rejects.toMatchObject({ status: 400, param: 'input' });
    await expect(responses.inputTokens.count({ model: MODEL, input })).rejects.toMatchObject({ status: 400 });
  });

  it('stores the history between the steps of the AI SDK', async () => {
    await using gateway = await open(
      { times: 1, steps: ['I will look.', { tool: 'read_file', input: { path: 'a' } }] },
      { steps: ['It says b.'] },
    );
    const model = createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.apiKey })(MODEL);
    const inputSchema = jsonSchema<{ path: string }>({ type: 'object', properties: { path: { type: 'string' } } });
    const tools = { read_file: tool({ inputSchema, execute: async () => 'b' }) };
    const { text } = await generateText({ model, tools, prompt: 'Read a.', stopWhen: stepCountIs(3), maxRetries: 0 });
    expect(text).toBe('It says b.');
    expect(lastAsked(gateway)).toContain('I will look.');
  });

  it('is fetched, listed and deleted', async () => {
    await using gateway = await open({ steps: [{ reasoning: 'Hm.' }, 'Blue.'] });
    const { responses } = clientOf(gateway);
    const input = [
      { role: 'user' as const, content: 'One' },
      { role: 'user' as const, content: 'Two' },
    ];
    const made = await responses.create({ model: MODEL, input });
    expect(await responses.retrieve(made.id)).toEqual(made);
    const shown = await responses.retrieve(made.id, { include: ['reasoning.encrypted_content'] });
    expect(shown.output[0]).toMatchObject({ type: 'reasoning', encrypted_content: expect.any(String) });
    const ids: string[] = [];
    for await (const item of responses.inputItems.list(made.id, { limit: 1, order: 'asc' })) ids.push(String(item.id));
    expect(ids).toEqual([`msg_${made.id.slice(5)}i0`, `msg_${made.id.slice(5)}i1`]);
    await responses.delete(made.id);
    await expect(responses.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
    await expect(responses.delete(made.id)).rejects.toMatchObject({ status: 404 });
  });

  it('lists every item once, even if the client gave two the same id', async () => {
    await using gateway = await open({ steps: ['Blue.'] });
    const { responses } = clientOf(gateway);
    const message = { type: 'message' as const, id: 'msg_1', role: 'user' as const, status: 'completed' as const };
    const input = ['One', 'Two', 'Three'].map((text) => ({
      ...message,
      content: [{ type: 'input_text' as const, text }],
    }));
    const { id } = await responses.create({ model: MODEL, input });
    const texts: string[] = [];
    for await (const item of responses.inputItems.list(id, { limit: 1, order: 'asc' })) {
      texts.push(JSON.stringify(item));
      if (texts.length > 5) break;
    }
    expect(texts.map((text) => /One|Two|Three/.exec(text)?.[0])).toEqual(['One', 'Two', 'Three']);
    const backwards = responses.inputItems.list(id, { order: 'backwards' as 'asc' });
    await expect(backwards).rejects.toMatchObject({ status: 400, param: 'order' });
  });

  it('cannot be read with another key', async () => {
    await using gateway = await startTestGateway({
      script: { replies: [{ steps: ['Blue.'] }] },
      env: { DRAGOMAN_API_KEYS: `sk-test-gateway,${OTHER_KEY}` },
    });
    const made = await clientOf(gateway).responses.create({ model: MODEL, input: 'Hi' });
    const other = clientOf({ url: gateway.url, apiKey: OTHER_KEY }).responses;
    await expect(other.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
    await expect(other.delete(made.id)).rejects.toMatchObject({ status: 404 });
    await expect(other.inputItems.list(made.id)).rejects.toMatchObject({ status: 404 });
    const foreign = { model: MODEL, input: 'Hi', previous_response_id: made.id };
    await expect(other.create(foreign)).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
    const reference = { type: 'item_reference' as const, id: String(made.output[0]?.id) };
    await other.create({ model: MODEL, input: [reference, { role: 'user', content: 'Go on.' }] });
    expect(lastAsked(gateway)).not.toContain('Blue.');
  });

  it('is not kept with store: false', async () => {
    await using gateway = await open({ steps: ['Blue.'] });
    const { responses } = clientOf(gateway);
    const made = await responses.create({ model: MODEL, input: 'Hi', store: false });
    await expect(responses.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
  });

  it('has no events and cannot be cancelled if it was not created in the background', async () => {
    await using gateway = await open({ steps: ['Blue.'] });
    const { responses } = clientOf(gateway);
    const { id } = await responses.create({ model: MODEL, input: 'Hi' });
    await expect(responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 400, param: 'stream' });
    await expect(responses.cancel(id)).rejects.toMatchObject({ status: 400 });
  });
});

describe('a response in the background', () => {
  it('is answered at once and fetched when it is complete', async () => {
    await using gateway = await open({ steps: ['Blue.'] });
    const client = clientOf(gateway);
    const queued = await client.responses.create({ model: MODEL, input: 'Hi', background: true });
    expect(queued).toMatchObject({ status: 'queued', background: true, output: [] });
    expect(await ended(client, queued.id)).toMatchObject({ status: 'completed', output_text: 'Blue.' });
  });

  it('has its own log line with its route, usage and adjustments', async () => {
    const lines: { fields: Record<string, unknown>; message: string }[] = [];
    const hear = (fields: object, message: string) => void lines.push({ fields: { ...fields }, message });
    const log = { debug: () => {}, info: hear, warn: hear, error: hear };
    await using gateway = await startTestGateway({ script: { replies: [{ steps: ['Blue.'] }] }, log });
    const client = clientOf(gateway);
    const { id } = await client.responses.create({ model: MODEL, input: 'Hi', temperature: 0.5, background: true });
    await ended(client, id);
    const line = lines.find(({ message }) => message === 'background response ended');
    expect(line?.fields).toMatchObject({
      responseId: id,
      requestId: expect.stringMatching(/^req_/),
      model: MODEL,
      route: { modelId: MODEL },
      usage: { outputTokens: expect.stringMatching(/^\d+ \w+$/) },
      adjustments: expect.arrayContaining([expect.stringContaining('temperature')]),
    });
  });

  it('continues when its client disconnects, and resumes from any event', async () => {
    await using gateway = await open({ steps: [{ text: ['One ', 'two ', 'three.'] }] });
    const client = clientOf(gateway);
    const stream = await client.responses.create({ model: MODEL, input: 'Hi', background: true, stream: true });
    let id = '';
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.queued') break;
    }
    expect((await ended(client, id)).output_text).toBe('One two three.');
    const all: number[] = [];
    for await (const event of await client.responses.retrieve(id, { stream: true })) all.push(event.sequence_number);
    expect(all).toEqual(all.map((_, index) => index));
    const later: number[] = [];
    const resumed = await client.responses.retrieve(id, { stream: true, starting_after: 4 });
    for await (const event of resumed) later.push(event.sequence_number);
    expect(later).toEqual(all.slice(5));
    const helper = client.responses.stream({ response_id: id, starting_after: 4 });
    expect((await helper.finalResponse()).output_text).toBe('One two three.');
  });

  it('shows its partial output, and stops upstream when it is cancelled', async () => {
    await using gateway = await open(STALL);
    const client = clientOf(gateway);
    const { id } = await client.responses.create({ model: MODEL, input: 'Hi', background: true });
    await vi.waitFor(async () => {
      const { output_text, status } = await client.responses.retrieve(id);
      expect({ output_text, status }).toEqual({ output_text: 'One two ', status: 'in_progress' });
    }, 10_000);
    expect(await client.responses.cancel(id)).toMatchObject({
      status: 'cancelled',
      output: [{ status: 'incomplete', content: [{ text: 'One two ' }] }],
    });
    await vi.waitFor(() => expect(gateway.simulator.chatRequests[0]?.closedEarly).toBe(true), { timeout: 10_000 });
    expect((await client.responses.cancel(id)).status).toBe('cancelled');
    expect((await client.responses.retrieve(id)).status).toBe('cancelled');
  });

  it('ends its events for every client when it is cancelled', async () => {
    await using gateway = await open(STALL);
    const client = clientOf(gateway);
    const types: string[] = [];
    const stream = await client.responses.create({ model: MODEL, input: 'Hi', background: true, stream: true });
    for await (const event of stream) {
      types.push(event.type);
      if (event.type === 'response.output_text.delta' && event.delta.startsWith('two')) {
        await client.responses.cancel(`resp_${event.item_id.slice(4, 28)}`);
      }
    }
    expect(types.at(-1)).toBe('response.failed');
  });

  it('is stopped and stays deleted', async () => {
    await using gateway = await open(STALL);
    const client = clientOf(gateway);
    const { id } = await client.responses.create({ model: MODEL, input: 'Hi', background: true });
    await vi.waitFor(() => expect(gateway.simulator.chatRequests).toHaveLength(1), { timeout: 10_000 });
    await client.responses.delete(id);
    await vi.waitFor(() => expect(gateway.simulator.chatRequests[0]?.closedEarly).toBe(true), { timeout: 10_000 });
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  it('has the status failed if its reply fails', async () => {
    await using gateway = await open({
      refuse: { status: 400, name: 'ValidationException', message: 'Improperly formed.' },
    });
    const client = clientOf(gateway);
    const { id } = await client.responses.create({ model: MODEL, input: 'Hi', background: true });
    expect(await ended(client, id)).toMatchObject({ status: 'failed', error: { code: 'invalid_prompt' } });
  });
});

describe('a restarted gateway', () => {
  it('keeps the finished response, and reports the unfinished one as failed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dragoman-responses-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const env = {
      DRAGOMAN_DATABASE_URL: `sqlite:${join(folder, 'dragoman.db')}`,
      DRAGOMAN_SECRET_KEY: 'k'.repeat(32),
    };
    const before = await startTestGateway({ env, script: { replies: [{ times: 1, steps: ['Blue.'] }, STALL] } });
    const client = clientOf(before);
    const made = await client.responses.create({ model: MODEL, input: 'Hi' });
    const { id } = await client.responses.create({ model: MODEL, input: 'Hi', background: true });
    await vi.waitFor(async () => expect((await client.responses.retrieve(id)).output_text).toBe('One two '), {
      timeout: 10_000,
    });
    await before.close();
    await using after = await startTestGateway({ env });
    const { responses } = clientOf(after);
    expect(await responses.retrieve(made.id)).toEqual(made);
    expect(await responses.retrieve(id)).toMatchObject({
      status: 'failed',
      error: { code: 'server_error' },
      output_text: 'One two ',
    });
  });
});

describe('a limit', () => {
  it('ends the response as incomplete, with its reason', async () => {
    await using gateway = await open({ steps: [{ text: Array.from({ length: 50 }, (_, i) => `word${i} `) }] });
    const asked = { model: MODEL, input: 'Hi', max_output_tokens: 16 };
    const { data, response } = await clientOf(gateway).responses.create(asked).withResponse();
    expect(data).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    });
    expect(response.headers.get('x-dragoman-adjustments')).toContain('max-tokens-emulated@max_output_tokens');
    const streamed = await clientOf(gateway).responses.stream(asked).finalResponse();
    expect(streamed.output_text).toBe(data.output_text);
  });
});

describe('structured output', () => {
  const format = {
    type: 'json_schema' as const,
    name: 'answer',
    strict: true,
    schema: {
      type: 'object',
      properties: { colour: { type: 'string' } },
      required: ['colour'],
      additionalProperties: false,
    },
  };
  const asked = { model: MODEL, input: 'Which colour?', text: { format } };

  it('is valid, or the SDK gets an error', async () => {
    await using gateway = await open({ times: 1, steps: ['Blue, I think.'] }, { steps: ['{"colour":"blue"}'] });
    const { responses } = clientOf(gateway);
    expect((await responses.parse(asked)).output_parsed).toEqual({ colour: 'blue' });
    await using wrong = await open({ steps: ['{"color":"blue"}'] });
    await expect(clientOf(wrong).responses.parse(asked)).rejects.toMatchObject({ status: 502, code: 'output_invalid' });
  });

  it('is the same when streamed', async () => {
    await using gateway = await open({ steps: ['{"colour":"blue"}'] });
    const { output_parsed: parsed } = await clientOf(gateway).responses.stream(asked).finalResponse();
    expect(parsed).toEqual({ colour: 'blue' });
  });
});

describe('a compaction', () => {
  it('replaces the conversation that it was made from', async () => {
    await using gateway = await open({ times: 1, steps: ['They spoke of blue.'] }, { steps: ['Yes.'] });
    const { responses } = clientOf(gateway);
    const input = [
      { role: 'user' as const, content: 'My colour is blue.' },
      { role: 'assistant' as const, content: 'A long answer.' },
    ];
    const { output, usage } = await responses.compact({ model: MODEL, input });
    expect(output.map(({ type }) => type)).toEqual(['message', 'compaction']);
    expect(usage.output_tokens).toBeGreaterThan(0);
    const items = output as OpenAI.Responses.ResponseInputItem[]; // made to be sent back
    await responses.create({ model: MODEL, input: [...items, { role: 'user', content: 'Go on.' }] });
    expect(lastAsked(gateway)).toContain('They spoke of blue.');
    expect(lastAsked(gateway)).toContain('My colour is blue.');
    expect(lastAsked(gateway)).not.toContain('A long answer.');
  });

  it('counts tokens without an upstream request', async () => {
    await using gateway = await open();
    const { responses } = clientOf(gateway);
    const { input_tokens } = await responses.inputTokens.count({ input: 'How many words are there in this?' });
    expect(input_tokens).toBeGreaterThan(5);
    expect(gateway.simulator.chatRequests).toEqual([]);
  });
});
