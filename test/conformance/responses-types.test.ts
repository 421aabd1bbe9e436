/**
 * Every event and object of the Responses API against the types that OpenAI publishes with its SDK, generated from its
 * OpenAPI document: the compiler checks each as a literal, so that a missing, wrong or unknown member fails.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import type { ScriptedReply } from '../../src/simulator/script.ts';
import { parseEvents } from '../support/event-stream-text.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { typeErrors } from '../support/type-check.ts';
import { EVENT_SCRIPTS, TOOLS } from './event-scripts.ts';
import { createScriptedGateways, needsOf, repliesOf } from './scripted-gateways.ts';

const TYPES = 'openai/resources/responses/responses';
const MODEL = 'claude-sonnet-4.5';

async function post(gateway: TestGateway, path: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${gateway.apiKey}` };
  return fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function get(gateway: TestGateway, path: string): Promise<JsonObject> {
  const response = await fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${gateway.apiKey}` } });
  expect(response.status).toBe(200);
  return objectOf(Promise.resolve(response));
}

async function objectOf(answer: Promise<Response>): Promise<JsonObject> {
  const value: unknown = await (await answer).json();
  if (!isJsonObject(value)) throw new Error('the answer is not an object');
  return value;
}

/** The events of a streamed response, with names and numbers checked; empty if it was refused. */
async function eventsOf(gateway: TestGateway, fields: object): Promise<JsonObject[]> {
  const response = await post(gateway, '/v1/responses', { model: MODEL, input: 'Hi', stream: true, ...fields });
  const text = await response.text();
  return response.status === 200 ? readEvents(text) : [];
}

function readEvents(text: string): JsonObject[] {
  const events = parseEvents(text);
  expect(text.match(/^event: /gm)).toHaveLength(events.length);
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  return events;
}

/**
 * `output_text` is added by the SDK. Some members that the API itself sends are missing from the types: whether a
 * response is stored, both penalties, the status of a custom tool call, and null for a usage that is not known yet.
 */
function asTyped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTyped);
  if (!isJsonObject(value)) return value;
  const isResponse = value.object === 'response' && value.deleted === undefined;
  const untyped = isResponse ? UNTYPED_OF_RESPONSE : value.type === 'custom_tool_call' ? ['status'] : [];
  const entries = Object.entries(value).filter(
    ([key, inner]) => !untyped.includes(key) && !(isResponse && key === 'usage' && inner === null),
  );
  const typed: object = Object.fromEntries(entries.map(([key, inner]) => [key, asTyped(inner)]));
  return isResponse ? { ...typed, output_text: '' } : typed;
}

const UNTYPED_OF_RESPONSE = ['store', 'frequency_penalty', 'presence_penalty'];

const FUNCTIONS = TOOLS.map(({ name, description, schema }) => ({
  type: 'function',
  name,
  description,
  parameters: schema,
  strict: false,
}));

const TOOL_KINDS: readonly { tool: object; steps: ScriptedReply['steps'] & object }[] = [
  { tool: { type: 'custom', name: 'patch' }, steps: [{ tool: 'patch', input: { input: '*** Begin' } }] },
  {
    tool: { type: 'namespace', name: 'ns', description: 'N', tools: [{ type: 'function', name: 'f' }] },
    steps: [{ tool: 'ns__f', input: {} }],
  },
  { tool: { type: 'local_shell' }, steps: [{ tool: 'local_shell', input: { command: ['ls'] } }] },
  { tool: { type: 'shell' }, steps: [{ tool: 'shell', input: { commands: ['ls'] } }] },
  {
    tool: { type: 'apply_patch' },
    steps: [{ tool: 'apply_patch', input: { type: 'create_file', path: 'a', diff: '+a' } }],
  },
  {
    tool: { type: 'tool_search', execution: 'client' },
    steps: [{ tool: 'tool_search', input: { query: 'weather' } }],
  },
];

interface Exchange {
  readonly replies: readonly ScriptedReply[];
  readonly needs: 'shared' | 'own';
  /** Of the request. */
  readonly fields: object;
}

const shared = (replies: readonly ScriptedReply[], fields: object): Exchange => ({ replies, needs: 'shared', fields });

const EXCHANGES: readonly Exchange[] = [
  ...EVENT_SCRIPTS.map((script) => ({
    replies: repliesOf({ ...script, isLater: false }),
    needs: needsOf(script),
    fields: { tools: FUNCTIONS, include: ['reasoning.encrypted_content'] },
  })),
  ...TOOL_KINDS.map(({ tool, steps }) => shared([{ steps }], { tools: [tool] })),
  shared([{ steps: [{ tool: 'web_search', input: { query: 'weather' } }], times: 1 }, { steps: ['Sunny.'] }], {
    tools: [{ type: 'web_search' }],
  }),
  shared([{ steps: ['A summary.'] }], { input: [{ role: 'user', content: 'Hi' }, { type: 'compaction_trigger' }] }),
  shared([{ steps: ['Said.'] }], { background: true }),
];

describe('the events of a response are as OpenAI publishes them', () => {
  const events: JsonObject[] = [];
  let errors = { events: '', missing: '', unknown: '', wrong: '' };
  beforeAll(async () => {
    await using gateways = createScriptedGateways();
    for (const { replies, needs, fields } of EXCHANGES) {
      events.push(...(await gateways.use(replies, needs, (gateway) => eventsOf(gateway, fields))));
    }
    const distinct = [...new Map(events.map((event) => [formOf(event), event])).values()];
    const [event] = events.filter(({ type }) => type === 'response.output_text.delta');
    const { item_id: _, ...missing } = event ?? {};
    const typed = { module: TYPES, type: 'ResponseStreamEvent' };
    errors = await typeErrors({
      events: { ...typed, values: distinct.map(asTyped) },
      missing: { ...typed, values: [missing] },
      unknown: { ...typed, values: [{ ...event, more: 1 }] },
      wrong: { ...typed, values: [{ ...event, delta: 1 }] },
    });
  }, 60_000);

  it('in every case', () => {
    const kinds = new Set(events.map(({ type }) => type));
    expect([...kinds].sort()).toEqual([
      'response.completed',
      'response.content_part.added',
      'response.content_part.done',
      'response.created',
      'response.custom_tool_call_input.delta',
      'response.custom_tool_call_input.done',
      'response.failed',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
      'response.in_progress',
      'response.incomplete',
      'response.output_item.added',
      'response.output_item.done',
      'response.output_text.annotation.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.queued',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_part.done',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.refusal.delta',
      'response.refusal.done',
      'response.web_search_call.completed',
      'response.web_search_call.in_progress',
      'response.web_search_call.searching',
    ]);
    expect(errors.events).toBe('');
  });

  it('and the check fails for a missing, unknown or wrong member', () => {
    expect(errors.missing).toContain('item_id');
    expect(errors.unknown).toContain('more');
    expect(errors.wrong).toContain('number');
  });
});

/** Events that differ only in their text need one check. */
function formOf(event: JsonObject): string {
  if (String(event.type).endsWith('.delta')) return String(event.type);
  return JSON.stringify(event, (key, value) =>
    /^(?:id|item_id|call_id|created_at|sequence_number)$/.test(key) ? 0 : value,
  );
}

describe('objects are as OpenAI publishes them', () => {
  it('a response, created and fetched again, its input items, and a compaction', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: ['Said.'] }] } });
    const input = [{ role: 'user', content: 'Hi' }];
    const created = await objectOf(post(gateway, '/v1/responses', { model: MODEL, input }));
    const fetched = await get(gateway, `/v1/responses/${created.id}`);
    expect(fetched).toEqual(created);
    const items = await get(gateway, `/v1/responses/${created.id}/input_items`);
    const compaction = await objectOf(post(gateway, '/v1/responses/compact', { model: MODEL, input }));
    const [first, last] = compaction.output as JsonObject[]; // checked by the next lines
    expect(first).toMatchObject({ type: 'message', role: 'user' });
    const errors = await typeErrors({
      response: { module: TYPES, type: 'Response', values: [asTyped(created)] },
      items: { module: 'openai/resources/responses/input-items', type: 'ResponseItemList', values: [items] },
      // The types lack user messages here; the API's description has them.
      compaction: { module: TYPES, type: 'CompactedResponse', values: [{ ...compaction, output: [last] }] },
    });
    expect(errors).toEqual({ response: '', items: '', compaction: '' });
  }, 60_000);
});
