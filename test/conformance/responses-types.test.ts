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
async function eventsOf(replies: readonly ScriptedReply[], fields: object = {}): Promise<JsonObject[]> {
  await using gateway = await startTestGateway({ script: { replies } });
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

describe('the events of a response are as OpenAI publishes them', () => {
  const events: JsonObject[] = [];
  beforeAll(async () => {
    for (const { steps, refuse } of EVENT_SCRIPTS) {
      const reply = { ...(steps ? { steps } : {}), ...(refuse ? { refuse } : {}) };
      events.push(...(await eventsOf([reply], { tools: FUNCTIONS, include: ['reasoning.encrypted_content'] })));
    }
    for (const { tool, steps } of TOOL_KINDS) events.push(...(await eventsOf([{ steps }], { tools: [tool] })));
    const search = { steps: [{ tool: 'web_search', input: { query: 'weather' } }], times: 1 };
    const searched = await eventsOf([search, { steps: ['Sunny.'] }], { tools: [{ type: 'web_search' }] });
    events.push(...searched);
    const trigger = [{ role: 'user', content: 'Hi' }, { type: 'compaction_trigger' }];
    events.push(...(await eventsOf([{ steps: ['A summary.'] }], { input: trigger })));
    events.push(...(await eventsOf([{ steps: ['Said.'] }], { background: true })));
  }, 60_000);

  it('in every case', async () => {
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
    const distinct = [...new Map(events.map((event) => [formOf(event), event])).values()];
    expect(await typeErrors(TYPES, 'ResponseStreamEvent', distinct.map(asTyped))).toBe('');
  }, 60_000);

  it('and the check fails for a missing, unknown or wrong member', async () => {
    const [event] = events.filter(({ type }) => type === 'response.output_text.delta');
    const { item_id: _, ...missing } = event ?? {};
    expect(await typeErrors(TYPES, 'ResponseStreamEvent', [missing])).toContain('item_id');
    expect(await typeErrors(TYPES, 'ResponseStreamEvent', [{ ...event, more: 1 }])).toContain('more');
    expect(await typeErrors(TYPES, 'ResponseStreamEvent', [{ ...event, delta: 1 }])).toContain('number');
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
    expect(await typeErrors(TYPES, 'Response', [asTyped(created)])).toBe('');
    const items = await get(gateway, `/v1/responses/${created.id}/input_items`);
    expect(await typeErrors('openai/resources/responses/input-items', 'ResponseItemList', [items])).toBe('');
    const compaction = await objectOf(post(gateway, '/v1/responses/compact', { model: MODEL, input }));
    const [first, last] = compaction.output as JsonObject[]; // checked by the next lines
    expect(first).toMatchObject({ type: 'message', role: 'user' });
    // The types lack user messages here; the API's description has them.
    expect(await typeErrors(TYPES, 'CompactedResponse', [{ ...compaction, output: [last] }])).toBe('');
  }, 60_000);
});
