import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { runAtOnce } from '../../core/steps.ts';
import { parseRequest } from './parse.ts';

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;

const nowMs = Date.UTC(2026, 0, 15, 12, 0, 0, 700);
const headersOf = (headers: Record<string, string>) => ({ nowMs, header: (name: string) => headers[name] });
const body = { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'hi' }] };
const parse = (fields: object, headers: Record<string, string> = {}) =>
  runAtOnce(parseRequest({ ...body, ...fields }, headersOf(headers)));

describe('a request', () => {
  it('with required fields only becomes a conversation with every default', () => {
    expect(parse({})).toEqual({
      conversation: {
        model: 'claude-sonnet-4.5',
        system: [],
        turns: [{ at: 'messages[0]', role: 'user', parts: [{ type: 'text', at: 'messages[0].content', text: 'hi' }] }],
        tools: [],
        toolChoice: { type: 'auto' },
        parallelToolUse: true,
        reasoning: { mode: 'unset' },
        output: { maxTokens: undefined, stopSequences: [], format: { type: 'text' } },
        key: undefined,
      },
      stream: false,
      adjustments: [],
      createdAtS: Date.UTC(2026, 0, 15, 12) / 1000,
      echo: {
        model: 'claude-sonnet-4.5',
        includeUsage: false,
        customTools: new Set(),
        legacyFunctions: false,
        rawTextTools: new Set(),
        reasoning: 'content',
      },
    });
  });

  it('may stream, and ask for usage', () => {
    expect(parse({ stream: true, stream_options: { include_usage: true, include_obfuscation: false } })).toMatchObject({
      stream: true,
      adjustments: [],
      echo: { includeUsage: true },
    });
  });

  it.each([
    [{ reasoning_effort: 'high' }, { mode: 'on', effort: 'high', budgetTokens: undefined }],
    [{ reasoning_effort: 'minimal' }, { mode: 'on', effort: 'minimal', budgetTokens: undefined }],
    [{ reasoning_effort: 'none' }, { mode: 'off' }],
    [{ reasoning_effort: null }, { mode: 'unset' }],
    [{ reasoning_effort: 'extreme' }, { mode: 'unset' }],
  ])('with %j reasons as %j', (fields, reasoning) => {
    expect(parse(fields).conversation.reasoning).toEqual(reasoning);
  });

  it('notes an unknown effort', () => {
    expect(parse({ reasoning_effort: 'extreme' }).adjustments).toEqual([
      { rule: 'parameter-ignored', path: 'reasoning_effort' },
    ]);
  });

  it.each([
    [{ max_tokens: 50 }, { maxTokens: 50 }],
    [{ max_tokens: 50, max_completion_tokens: 40 }, { maxTokens: 40 }],
    [{ max_tokens: null }, { maxTokens: undefined }],
    [{ stop: 'END' }, { stopSequences: ['END'] }],
    [{ stop: ['a', '', 'b'] }, { stopSequences: ['a', 'b'] }],
    [{ stop: null }, { stopSequences: [] }],
    [{ response_format: { type: 'text' } }, { format: { type: 'text' } }],
    [{ response_format: { type: 'json_object' } }, { format: { type: 'json' } }],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'x' } } }, { format: { type: 'json' } }],
    [
      {
        response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: { type: 'object' } } },
      },
      { format: { type: 'json-schema', name: 'x', schema: { type: 'object' } } },
    ],
  ])('with %j limits its output to %j', (fields, output) => {
    expect(parse(fields).conversation.output).toMatchObject(output);
  });

  it.each([
    [{ 'x-session-affinity': 'a', 'x-session-id': 'b' }, {}, 'a'],
    [{ 'x-session-id': 'b', session_id: 'd' }, { prompt_cache_key: 'p' }, 'b'],
    [{ 'session-id': 'c' }, {}, 'c'],
    [{ session_id: 'd' }, {}, 'd'],
    [{ 'x-session-id': '' }, { prompt_cache_key: 'p' }, 'p'],
    [{}, { user: 'u', prompt_cache_key: '' }, undefined],
  ])('with headers %j and fields %j has the conversation key %j', (headers, fields, key) => {
    expect(parse(fields, headers).conversation.key).toBe(key);
  });

  it.each([
    ['no object at all', 'hello', undefined, 'object'],
    ['null', null, undefined, 'object'],
    ['no model', { messages: body.messages }, 'model', 'required'],
    ['an empty model', { ...body, model: '' }, 'model', 'empty'],
    ['a model that is not a string', { ...body, model: 4 }, 'model', 'string'],
    ['no messages', { model: 'm' }, 'messages', 'required'],
    ['empty messages', { model: 'm', messages: [] }, 'messages', 'empty'],
    [
      'messages which say nothing',
      { model: 'm', messages: [{ role: 'system', content: '' }] },
      'messages',
      'must contain a turn',
    ],
    ['stream as a word', { ...body, stream: 'yes' }, 'stream', 'boolean'],
    ['max_tokens of 0', { ...body, max_tokens: 0 }, 'max_tokens', 'at least 1'],
    ['n of 0', { ...body, n: 0 }, 'n', 'at least 1'],
    ['stop of another type', { ...body, stop: [1] }, 'stop', 'list of strings'],
    ['an unknown format', { ...body, response_format: { type: 'xml' } }, 'response_format.type', 'json_schema'],
    [
      'a schema format without its schema object',
      { ...body, response_format: { type: 'json_schema' } },
      'response_format.json_schema',
      'required',
    ],
  ])('with %s is rejected, naming the field', (_name, value, param, expected) => {
    const error = refusal(() => runAtOnce(parseRequest(value, headersOf({}))));
    expect(error).toMatchObject({ param });
    expect(error.policy).toMatchObject({ blame: 'client', status: 400 });
    expect(error.message).toContain(expected);
    expect(error.message).toContain(param ?? 'The request body');
  });
});

function refusal(run: () => unknown): GatewayError {
  try {
    run();
  } catch (cause) {
    if (cause instanceof GatewayError) return cause;
    throw cause;
  }
  throw new Error('was not refused');
}

describe('any JSON value', () => {
  /** Includes words of the API, so that values pass the first checks. */
  const words = fc.constantFrom(
    ...ROLES,
    ...['text', 'image_url', 'file', 'refusal', 'function', 'custom', 'allowed_tools', 'json_schema', 'auto'],
    ...['data:image/png;base64,aGk=', 'https://example.com/a.png', '{"a":1}', '', '__proto__'],
  );
  const keys = fc.constantFrom(
    ...['role', 'content', 'type', 'text', 'name', 'id', 'tool_calls', 'function', 'arguments', 'tool_call_id', 'url'],
    ...['image_url', 'file', 'file_data', 'custom', 'input', 'parameters', 'cache_control', 'mode', 'tools', 'format'],
    ...['function_call', 'reasoning_content', 'allowed_tools', 'json_schema', 'schema', 'refusal', '__proto__'],
  );
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      words,
      fc.constantFrom(null, true, false, 0, 1, -1, 1.5),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const mostly = (...likely: readonly fc.Arbitrary<JsonValue>[]) =>
    fc.oneof({ weight: 20, arbitrary: fc.oneof(...likely) }, { weight: 1, arbitrary: value });
  const name = fc.constantFrom('read', 'write');
  const part = fc.oneof(
    fc.record({ type: fc.constant('text'), text: fc.string() }),
    fc.record({ type: fc.constant('image_url'), image_url: fc.record({ url: words }) }),
    fc.dictionary(keys, value),
  );
  const call = fc.record({ id: mostly(fc.uuid()), function: mostly(fc.record({ name, arguments: words })) });
  const message = fc.record(
    {
      role: fc.constantFrom(...ROLES),
      content: mostly(fc.string(), fc.array(mostly(part), { maxLength: 2 })),
      tool_calls: mostly(fc.constant(null), fc.array(call, { maxLength: 2 })),
      tool_call_id: mostly(fc.uuid()),
      name: mostly(name),
    },
    { requiredKeys: ['role', 'content', 'tool_call_id', 'name'] },
  );
  const tool = fc.record({ type: fc.constantFrom('function', 'other'), function: mostly(fc.record({ name })) });
  const request = fc.record(
    {
      model: fc.constantFrom('m', 'n'),
      messages: fc.array(message, { maxLength: 3 }),
      tools: mostly(fc.array(tool, { maxLength: 3 })),
      tool_choice: mostly(fc.constantFrom('auto', 'none', 'required'), fc.record({ type: words, function: part })),
      functions: mostly(fc.constant([])),
      response_format: mostly(fc.constant({ type: 'text' })),
      stop: mostly(fc.array(fc.string())),
      n: mostly(fc.constant(1)),
      stream_options: mostly(fc.constant({})),
    },
    { requiredKeys: ['model', 'messages'] },
  );

  it('becomes a conversation, or is rejected with blame client', () => {
    const parsed = { conversations: 0, refusals: 0 };
    fc.assert(
      fc.property(fc.oneof(request, request, value, fc.jsonValue()), (candidate) => {
        try {
          const { conversation } = runAtOnce(parseRequest(JSON.parse(JSON.stringify(candidate)), headersOf({})));
          expect(conversation.turns.every(({ at, parts }) => parts.every((part) => part.at.startsWith(at)))).toBe(true);
          parsed.conversations += 1;
        } catch (cause) {
          if (!(cause instanceof GatewayError)) throw cause;
          expect(cause.policy.blame).toBe('client');
          expect(cause.message).not.toBe('');
          parsed.refusals += 1;
        }
      }),
      { seed: 42, numRuns: 3_000 },
    );
    expect(Math.min(parsed.conversations, parsed.refusals)).toBeGreaterThan(100);
  });

  it('may be nested deeper than the stack', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    const tool = { type: 'function', function: { name: 'f', parameters: { deep } } };
    expect(parse({ tools: [tool] }).conversation.tools).toMatchObject([{ name: 'f', inputSchema: undefined }]);
    expect(parse({ unknown: deep }).adjustments).toEqual([{ rule: 'field-ignored', path: 'unknown' }]);
    expect(parse({ messages: [{ role: 'user', content: [{ type: 'odd', deep }] }] }).adjustments).toMatchObject([
      { rule: 'block-as-text' },
    ]);
  });
});
