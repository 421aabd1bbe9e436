/**
 * Every object and event of Chat Completions and Messages against the types that the vendors publish with their SDKs:
 * the compiler checks each as a literal, so a missing member, an unknown one and a wrong value all fail.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import type { ScriptedReply } from '../../src/simulator/script.ts';
import { parseEvents } from '../support/event-stream-text.ts';
import type { TestGateway } from '../support/test-gateway.ts';
import { typeErrors } from '../support/type-check.ts';
import { EVENT_SCRIPTS, TOOLS } from './event-scripts.ts';
import { createScriptedGateways, needsOf, repliesOf } from './scripted-gateways.ts';

const MESSAGES = [{ role: 'user', content: 'Hi' }];
const SEARCH: readonly ScriptedReply[] = [
  { steps: [{ tool: 'web_search', input: { query: 'weather' } }], times: 1 },
  { steps: ['Sunny, says [1].'] },
];

interface Api {
  readonly name: string;
  readonly path: string;
  readonly module: string;
  readonly object: string;
  readonly event: string;
  readonly body: object;
  readonly searchBody: object;
}

const APIS: readonly Api[] = [
  {
    name: 'Messages',
    path: '/v1/messages',
    module: '@anthropic-ai/sdk/resources/messages/messages',
    object: 'Message',
    event: 'RawMessageStreamEvent',
    body: {
      max_tokens: 4_000,
      thinking: { type: 'adaptive' },
      tools: TOOLS.map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
    },
    searchBody: { max_tokens: 4_000, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
  },
  {
    name: 'Chat Completions',
    path: '/v1/chat/completions',
    module: 'openai/resources/chat/completions/completions',
    object: 'ChatCompletion',
    event: 'ChatCompletionChunk',
    body: {
      stream_options: { include_usage: true },
      tools: TOOLS.map(({ name, description, schema: parameters }) => ({
        type: 'function',
        function: { name, description, parameters },
      })),
    },
    searchBody: { web_search_options: {} },
  },
];

/** The bodies of one response, streamed or not; empty if it was refused. */
async function bodiesOf({ url, apiKey }: TestGateway, { path }: Api, fields: object): Promise<JsonObject[]> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const body = JSON.stringify({ model: 'claude-sonnet-4.6', messages: MESSAGES, ...fields });
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body });
  const text = await response.text();
  if (response.status !== 200) return [];
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return [JSON.parse(text)];
  return parseEvents(text);
}

async function allAnswers(api: Api, stream: boolean): Promise<JsonObject[]> {
  await using gateways = createScriptedGateways();
  const answers: JsonObject[] = [];
  for (const script of EVENT_SCRIPTS) {
    const ask = (gateway: TestGateway) => bodiesOf(gateway, api, { ...api.body, stream });
    answers.push(...(await gateways.use(repliesOf({ ...script, isLater: false }), needsOf(script), ask)));
  }
  const search = (gateway: TestGateway) => bodiesOf(gateway, api, { ...api.searchBody, stream });
  answers.push(...(await gateways.use(SEARCH, 'shared', search)));
  return answers.filter((answer) => answer.error === undefined && answer.type !== 'ping').map(asTyped);
}

/**
 * What clients read although OpenAI's types lack it is left out: reasoning, for which there are two dialects, and the
 * citations of a stream.
 */
function asTyped(value: JsonObject): JsonObject {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (!isJsonObject(inner)) return inner;
    const { reasoning: _, reasoning_content: __, reasoning_details: ___, ...typed } = inner;
    const isDelta = 'delta' in typed && isJsonObject(typed.delta) && 'finish_reason' in typed;
    if (!isDelta) return typed;
    const { annotations: ____, ...delta } = typed.delta as JsonObject; // checked by isDelta
    return { ...typed, delta };
  });
  return JSON.parse(text);
}

/** Events that differ only in their text need one check. */
function distinct(events: readonly JsonObject[]): JsonObject[] {
  const formOf = (event: JsonObject) =>
    JSON.stringify(event, (key, value) => (/^(?:id|created|text|content|arguments)$/.test(key) ? typeof value : value));
  return [...new Map(events.map((event) => [formOf(event), event])).values()];
}

describe.each(APIS)('$name', (api) => {
  let objects: JsonObject[] = [];
  let events: JsonObject[] = [];
  let errors = { objects: '', events: '', incomplete: '' };
  beforeAll(async () => {
    objects = await allAnswers(api, false);
    events = await allAnswers(api, true);
    const { module } = api;
    const { id: _, ...incomplete } = objects[0] ?? {};
    errors = await typeErrors({
      objects: { module, type: api.object, values: objects },
      events: { module, type: api.event, values: distinct(events) },
      incomplete: { module, type: api.object, values: [incomplete] },
    });
  }, 120_000);

  it('answers with complete objects', () => {
    expect(objects.length).toBeGreaterThan(20);
    expect(errors.objects).toBe('');
  });

  it('streams complete events', () => {
    expect(events.length).toBeGreaterThan(100);
    expect(errors.events).toBe('');
  });

  it('fails this check without a required member', () => {
    expect(errors.incomplete).toContain("Property 'id' is missing");
  });
});
