/** Writing reply events as the events of a response, and the resulting response. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reasoning, text, tool } from '../../../test/support/event-blocks.ts';
import { parseEvents } from '../../../test/support/event-stream-text.ts';
import { replyEvents } from '../../../test/support/reply-events.ts';
import { ReplyCollector } from '../../core/collect.ts';
import { ERROR_RULES, type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ReplyEvent, StopReason } from '../../core/reply.ts';
import { runAtOnce } from '../../core/steps.ts';
import { derived, estimated, measured } from '../../core/usage.ts';
import { openCarrier } from '../reading/carrier.ts';
import { openaiResponses } from './index.ts';

const start: ReplyEvent = { type: 'reply-start', inputTokens: estimated(800) };
const end = (stopReason: StopReason = 'end-turn'): ReplyEvent => ({
  type: 'reply-end',
  stopReason,
  stopSequence: undefined,
  usage: {
    inputTokens: derived(812),
    outputTokens: estimated(31),
    cacheReadTokens: measured(600),
    reasoningTokens: estimated(12),
  },
});
const web = (url: string): ReplyEvent => ({
  type: 'source',
  source: { type: 'web', url, title: 'T', snippet: undefined },
});

const REPLY_ID = 'resp_abcdefghijklmnopqrstuvwx';
const TOOLS = [
  { type: 'custom', name: 'patch' },
  { type: 'namespace', name: 'ns', description: '', tools: [{ type: 'function', name: 'read' }] },
  { type: 'local_shell' },
  { type: 'shell' },
  { type: 'apply_patch' },
  { type: 'tool_search', execution: 'client' },
];

function request(fields: object = {}) {
  const body = { model: 'my "model"', input: 'hi', stream: true, ...fields };
  return runAtOnce(openaiResponses.parseRequest(body, { header: () => undefined, nowMs: 1_795_150_000_000 }));
}

function written(events: readonly ReplyEvent[], fields?: object) {
  const writer = openaiResponses.createWriter(request(fields), REPLY_ID);
  const sse = events.map((event) => writer.write(event)).join('');
  const said: JsonObject[] = parseEvents(sse);
  return { sse, said, response: writer.shown, stored: writer.response };
}
const typesOf = (events: readonly ReplyEvent[], fields?: object) =>
  written(events, fields).said.map(({ type }) => type);
const outputOf = (events: readonly ReplyEvent[], fields?: object) => written(events, fields).response.output;

const include = { include: ['reasoning.encrypted_content'] };
const GOLDEN: readonly { name: string; events: readonly ReplyEvent[]; fields?: object }[] = [
  { name: 'text', events: [start, ...text('Hel', '', 'lo "you"\n'), end()] },
  {
    name: 'reasoning-and-tools',
    events: [
      start,
      ...reasoning('Let me \\u0041\\n'),
      { type: 'redacted-reasoning', data: 'b3BhcXVl' },
      ...text('Look.'),
      ...tool(3, 'read', '{"path":', '"a\\nb"}'),
      ...tool(4, 'list'),
      end('tool-use'),
    ],
    fields: include,
  },
  {
    name: 'tool-kinds',
    events: [
      start,
      ...tool(0, 'patch', '{"inp', 'ut":"*** Begin\\n"}'),
      ...tool(1, 'ns__read', '{}'),
      ...tool(2, 'local_shell', '{"command":["ls"],"timeout_ms":5}'),
      ...tool(3, 'shell', '{"commands":["ls"]}'),
      ...tool(4, 'apply_patch', '{"type":"update_file","path":"a","diff":"@@"}'),
      ...tool(5, 'tool_search', '{"query":"q"}'),
      end('tool-use'),
    ],
    fields: { tools: TOOLS },
  },
  {
    name: 'sources',
    events: [start, web('https://example.com/a'), ...text('So.'), web('https://example.com/b'), end()],
  },
  {
    name: 'compaction',
    events: [start, ...reasoning('Hm.'), ...text('We ', 'met.'), end()],
    fields: { input: [{ role: 'user', content: 'hi' }, { type: 'compaction_trigger' }] },
  },
];

describe('a response', () => {
  it.each(GOLDEN)('is streamed as recorded: $name', async ({ name, events, fields }) => {
    await expect(written(events, fields).sse).toMatchFileSnapshot(`fixtures/${name}.sse`);
  });

  it.each(GOLDEN)('is written whole as it is streamed: $name', ({ events, fields }) => {
    const collector = new ReplyCollector();
    for (const event of events) collector.push(event);
    const { said, response } = written(events, fields);
    expect(openaiResponses.writeReply(collector.reply(), request(fields), REPLY_ID)).toEqual(response);
    expect(said.at(-1)).toMatchObject({ type: 'response.completed', response });
  });

  it('has sequence numbers without gaps, and adds and completes every item once, in order', () => {
    fc.assert(
      fc.property(replyEvents(), (events) => {
        const { said, response } = written(events);
        expect(said.map(({ sequence_number: number }) => number)).toEqual(said.map((_, index) => index));
        const items = (type: string) => said.filter((event) => event.type === `response.output_item.${type}`);
        const { output } = response;
        if (!Array.isArray(output)) throw new Error('no output');
        if (response.status === 'failed') return;
        expect(items('added').map(({ output_index: index }) => index)).toEqual(output.map((_, index) => index));
        // Citations after the last text appear only at the end.
        const uncited = (items: unknown) => JSON.stringify(items, (key, value) => (key === 'annotations' ? [] : value));
        expect(uncited(items('done').map(({ item }) => item))).toBe(uncited(output));
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it.each<[StopReason, string, object | null]>([
    ['end-turn', 'completed', null],
    ['stop-sequence', 'completed', null],
    ['tool-use', 'completed', null],
    ['max-tokens', 'incomplete', { reason: 'max_output_tokens' }],
    ['context-window', 'incomplete', { reason: 'max_output_tokens' }],
    ['refusal', 'incomplete', { reason: 'content_filter' }],
  ])('that ends with %s is %s', (stopReason, status, details) => {
    const { said, response } = written([start, ...text('So'), end(stopReason)]);
    expect(response).toMatchObject({ status, incomplete_details: details, output: [{ status }] });
    expect(said.at(-1)?.type).toBe(`response.${status}`);
  });

  it('explains a refusal in a separate message', () => {
    const refusal = { category: 'CYBER', explanation: 'It may do harm.' };
    const { said, response } = written([start, ...text('I'), { ...end('refusal'), refusal } as ReplyEvent]);
    expect(response).toMatchObject({
      status: 'incomplete',
      output: [
        { content: [{ type: 'output_text', text: 'I' }] },
        { type: 'message', status: 'completed', content: [{ type: 'refusal', refusal: 'It may do harm.' }] },
      ],
    });
    expect(said.slice(-7).map(({ type }) => type)).toEqual([
      'response.output_item.added',
      'response.content_part.added',
      'response.refusal.delta',
      'response.refusal.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.incomplete',
    ]);
  });

  it('keeps reasoning with only a signature', () => {
    const silent: ReplyEvent[] = [{ type: 'reasoning-start' }, { type: 'reasoning-end', signature: 'c2ln' }];
    const events = [start, ...tool(0, 'read', '{}'), ...silent, end('tool-use')];
    expect(outputOf(events, include)).toMatchObject([
      { type: 'function_call' },
      { type: 'reasoning', summary: [], encrypted_content: expect.any(String) },
    ]);
    expect(typesOf(events).slice(-3)).toEqual([
      'response.output_item.added',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  it('omits empty blocks', () => {
    expect(outputOf([start, ...text(''), ...text('So.'), end()])).toMatchObject([{ type: 'message' }]);
  });

  it('repeats the requested settings', () => {
    const asked = {
      temperature: 0.5,
      metadata: { a: 'b' },
      user: 'u',
      text: { verbosity: 'low' },
      tool_choice: 'none',
    };
    expect(written([start, end()], asked).response).toMatchObject({
      ...asked,
      model: 'my "model"',
      top_p: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      text: { format: { type: 'text' }, verbosity: 'low' },
    });
  });

  it('adds the members that the API requires of functions', () => {
    const given = { type: 'function', name: 'now', strict: true, defer_loading: false };
    const tools = [given, { type: 'custom', name: 'patch' }];
    expect(written([start, end()], { tools }).response.tools).toEqual([
      { ...given, description: null, parameters: null },
      { type: 'custom', name: 'patch' },
    ]);
  });

  it('has no usage before its end, and a completion time only when it is complete', () => {
    const times = (reason: StopReason) => {
      const writer = openaiResponses.createWriter(request(), REPLY_ID, { now: () => 1_795_150_007_999 });
      const before = writer.response;
      for (const event of [start, ...text('A'), end(reason)]) writer.write(event);
      return [before, writer.response].map(({ completed_at, usage }) => ({ completed_at, hasUsage: usage !== null }));
    };
    const before = { completed_at: null, hasUsage: false };
    expect(times('end-turn')).toEqual([before, { completed_at: 1_795_150_007, hasUsage: true }]);
    expect(times('max-tokens')).toEqual([before, { completed_at: null, hasUsage: true }]);
  });
});

describe('reasoning', () => {
  const events = [start, ...reasoning('Hm.'), end()];

  it('is returned to clients that request it, and always stored', () => {
    expect(outputOf(events)).toEqual([expect.not.objectContaining({ encrypted_content: expect.anything() })]);
    const [item] = written(events).stored.output as JsonObject[]; // a list of items, as the writer builds it
    expect(openCarrier(String(item?.encrypted_content))).toEqual({ type: 'reasoning', text: 'Hm.', signature: 'c2ln' });
    expect(outputOf(events, include)).toEqual([item]);
  });

  it('that was redacted is returned complete', () => {
    const redacted: ReplyEvent = { type: 'redacted-reasoning', data: 'b3BhcXVl' };
    const [item] = outputOf([start, redacted, end()], include) as JsonObject[]; // likewise
    expect(item).toMatchObject({ type: 'reasoning', summary: [] });
    expect(openCarrier(String(item?.encrypted_content))).toEqual({ type: 'redacted', data: 'b3BhcXVl' });
  });
});

describe('an error', () => {
  const failed = (code: ErrorCode, details = {}): ReplyEvent => ({
    type: 'reply-error',
    error: new GatewayError(code, 'What happened.', details),
  });

  it('keeps the text so far, drops an incomplete call, and ends the response', () => {
    const half = tool(1, 'read', '{"a"').slice(0, -1);
    const { said, response } = written([start, ...text('So'), ...half, failed('upstream_broken'), ...text('x')]);
    expect(said.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'What happened.' } },
    });
    expect(response.output).toMatchObject([{ type: 'message', content: [{ text: 'So' }] }]);
    const cut = written([start, ...text('So', ' far').slice(0, -1), failed('upstream_broken')]);
    expect(cut.response.output).toMatchObject([{ status: 'incomplete', content: [{ text: 'So far' }] }]);
  });

  it('starts the response first if nothing was sent before', () => {
    expect(typesOf([failed('internal')])).toEqual(['response.created', 'response.in_progress', 'response.failed']);
  });

  it.each<[ErrorCode, object, string, string]>([
    ['upstream_throttled', { retryAfterMs: 1_500 }, 'rate_limit_exceeded', 'What happened. Please try again in 2s.'],
    ['upstream_throttled', {}, 'rate_limit_exceeded', 'What happened. Please try again in 5s.'],
    ['quota_exhausted', {}, 'insufficient_quota', 'What happened.'],
    ['context_too_long', {}, 'context_length_exceeded', overlong()],
    ['upstream_refused', {}, 'invalid_prompt', 'What happened.'],
    ['upstream_overloaded', {}, 'server_error', 'What happened.'],
  ])('%s %j is reported as %s', (code, details, told, message) => {
    expect(written([start, failed(code, details)]).response.error).toEqual({ code: told, message });
  });

  it.each(Object.keys(ERROR_RULES) as ErrorCode[])('%s before the stream has a status and a message', (code) => {
    const { status, body } = openaiResponses.writeError(new GatewayError(code, ' '));
    expect(status).toBe(ERROR_RULES[code].status);
    expect(body).toMatchObject({ error: { message: expect.stringMatching(/\w/) } });
  });

  it('about a conversation that is too long uses the message that Codex knows', () => {
    const { status, body } = openaiResponses.writeError(new GatewayError('context_too_long', 'x'));
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { error: { code: 'context_length_exceeded', param: 'input', message: overlong() } },
    });
  });
});

function overlong(): string {
  return 'Your input exceeds the context window of this model. Please adjust your input and try again.';
}

describe('a compaction', () => {
  const fields = { input: [{ role: 'user', content: 'hi' }, { type: 'compaction_trigger' }] };

  it('without a summary is a failure', () => {
    expect(written([start, ...tool(0, 'read', '{}'), end('tool-use')], fields).response.status).toBe('failed');
    expect(written([start, ...text('Half'), end('max-tokens')], fields).response.status).toBe('failed');
  });
});

describe('a response in the background', () => {
  it('is queued first, and can be cancelled', () => {
    const writer = openaiResponses.createWriter(request({ background: true }), REPLY_ID);
    const queued = writer.queue();
    expect(queued).toContain('event: response.queued');
    expect(writer.response.status).toBe('queued');
    expect(writer.write(start)).toMatch(/^event: response\.in_progress/);
    for (const event of text('So')) writer.write(event);
    expect(writer.cancel()).toContain('"status":"cancelled"');
    expect(writer.response).toMatchObject({ status: 'cancelled', output: [{ status: 'incomplete' }] });
    expect(writer.write(end()) + writer.cancel()).toBe('');
  });
});
