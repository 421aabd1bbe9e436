import { describe, expect, it } from 'vitest';
import { reasoning, text, tool } from '../../../test/support/event-blocks.ts';
import { parseEvents } from '../../../test/support/event-stream-text.ts';
import { ReplyCollector } from '../../core/collect.ts';
import { GatewayError } from '../../core/errors.ts';
import type { RefusalDetail, ReplyEvent, StopReason } from '../../core/reply.ts';
import { runAtOnce } from '../../core/steps.ts';
import { TextPiece } from '../../core/text.ts';
import { derived, estimated, measured, type Usage } from '../../core/usage.ts';
import { openaiChat } from './index.ts';

const USAGE: Usage = {
  inputTokens: derived(812),
  outputTokens: estimated(31),
  cacheReadTokens: measured(600),
  reasoningTokens: estimated(12),
};
const start: ReplyEvent = { type: 'reply-start', inputTokens: estimated(800) };
const end = (stopReason: StopReason = 'end-turn', usage = USAGE): ReplyEvent => ({
  type: 'reply-end',
  stopReason,
  stopSequence: undefined,
  usage,
});
const web = (url: string): ReplyEvent => ({
  type: 'source',
  source: { type: 'web', url, title: 'T', snippet: undefined },
});

function request(fields: object = {}) {
  const body = { model: 'my "model"', messages: [{ role: 'user', content: 'hi' }], stream: true, ...fields };
  return runAtOnce(openaiChat.parseRequest(body, { header: () => undefined, nowMs: 1_795_150_000_000 }));
}
const REPLY_ID = 'chatcmpl-abc';

function stream(events: readonly ReplyEvent[], fields?: object): string {
  const writer = openaiChat.createWriter(request(fields), REPLY_ID);
  return events.map((event) => writer.write(event)).join('');
}
function whole(events: readonly ReplyEvent[], fields?: object): unknown {
  const collector = new ReplyCollector();
  for (const event of events) collector.push(event);
  return openaiChat.writeReply(collector.reply(), request(fields), REPLY_ID);
}
function chunks(sse: string): Chunk[] {
  return parseEvents(sse);
}
interface Chunk {
  choices: { delta: Record<string, unknown>; finish_reason: string | null }[];
  usage?: object | null;
}
const deltas = (sse: string) => chunks(sse).flatMap(({ choices }) => choices.map(({ delta }) => delta));
const finish = (sse: string) => chunks(sse).flatMap(({ choices }) => choices.flatMap((one) => one.finish_reason ?? []));

const include = { stream_options: { include_usage: true } };
const CUSTOM = {
  tools: [
    { type: 'custom', custom: { name: 'patch' } },
    { type: 'function', function: { name: 'read' } },
  ],
};
const LEGACY = { functions: [{ name: 'read' }] };
const GOLDEN: readonly { name: string; events: readonly ReplyEvent[]; fields?: object }[] = [
  { name: 'text', events: [start, ...text('Hel', '', 'lo "you"\n'), end()] },
  { name: 'text-with-usage', events: [start, ...text('Hello'), end()], fields: include },
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
  { name: 'tool-alone', events: [start, ...tool(0, 'read', '{}'), end('end-turn')] },
  {
    name: 'custom-tool',
    events: [start, ...tool(0, 'patch', '{"inp', 'ut":"*** Begin\\n"}'), ...tool(1, 'read', '{}'), end('tool-use')],
    fields: CUSTOM,
  },
  {
    name: 'legacy-function',
    events: [start, ...tool(0, 'read', '{"a":1}'), ...tool(1, 'read', '{"a":2}'), end('tool-use')],
    fields: LEGACY,
  },
  {
    name: 'sources',
    events: [start, web('https://example.com/a'), ...text('So.'), web('https://example.com/b'), end()],
  },
];

describe('a reply', () => {
  it.each(GOLDEN)('is streamed as recorded: $name', async ({ name, events, fields }) => {
    await expect(stream(events, fields)).toMatchFileSnapshot(`fixtures/${name}.sse`);
  });

  it.each(GOLDEN)('is written complete as recorded: $name', async ({ name, events, fields }) => {
    await expect(`${JSON.stringify(whole(events, fields), null, 2)}\n`).toMatchFileSnapshot(`fixtures/${name}.json`);
  });

  it.each<[StopReason, boolean, string, object?]>([
    ['end-turn', false, 'stop'],
    ['stop-sequence', false, 'stop'],
    ['tool-use', false, 'stop'],
    ['max-tokens', false, 'length'],
    ['context-window', false, 'length'],
    ['refusal', false, 'content_filter'],
    ['tool-use', true, 'tool_calls'],
    ['end-turn', true, 'tool_calls'],
    ['max-tokens', true, 'tool_calls'],
    ['refusal', true, 'content_filter'],
    ['tool-use', true, 'function_call', LEGACY],
    ['end-turn', false, 'stop', LEGACY],
  ])('that ends with %s, with tool use %j, finishes with %s', (stopReason, usesTools, expected, fields) => {
    const events = [start, ...(usesTools ? tool(0, 'read', '{}') : text('a')), end(stopReason)];
    expect(finish(stream(events, fields))).toEqual([expected]);
    expect(whole(events, fields)).toMatchObject({ choices: [{ finish_reason: expected }] });
  });

  it('reports why the model refused', () => {
    const refusal = { category: 'CYBER', explanation: 'It may do harm.' };
    const events = (detail: RefusalDetail) => [start, { ...end('refusal'), refusal: detail } as ReplyEvent];
    expect(deltas(stream(events(refusal)))).toContainEqual({ refusal: 'It may do harm.' });
    expect(whole(events(refusal))).toMatchObject({ choices: [{ message: { refusal: 'It may do harm.' } }] });
    const unexplained = events({ category: 'CYBER', explanation: undefined });
    expect(deltas(stream(unexplained))).toHaveLength(2);
    expect(whole(unexplained)).toMatchObject({ choices: [{ message: { refusal: null } }] });
  });

  it('has null content only if there is a tool call', () => {
    const content = (events: readonly ReplyEvent[]) => whole([start, ...events, end()]);
    expect(content(tool(0, 'read', '{}'))).toMatchObject({ choices: [{ message: { content: null } }] });
    expect(content(reasoning('a'))).toMatchObject({ choices: [{ message: { content: '' } }] });
  });

  it('has every detail of the usage, 0 where the service reports none', () => {
    const bare = { inputTokens: derived(10.4), outputTokens: estimated(2) };
    expect(whole([start, end('end-turn', bare)])).toMatchObject({
      usage: {
        prompt_tokens: 10,
        completion_tokens: 2,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0, accepted_prediction_tokens: 0 },
      },
    });
  });

  it('passes a custom tool the raw JSON if it has no `input`', () => {
    const events = [start, ...tool(0, 'patch', '{"patch":"x"}'), end('tool-use')];
    const custom = { name: 'patch', input: '{"patch":"x"}' };
    expect(whole(events, CUSTOM)).toMatchObject({
      choices: [{ message: { tool_calls: [{ type: 'custom', custom }] } }],
    });
    expect(deltas(stream(events, CUSTOM))).toContainEqual({
      tool_calls: [{ index: 0, custom: { input: '{"patch":"x"}' } }],
    });
  });
});

describe('a stream', () => {
  const events = [start, ...reasoning('a'), ...text('b'), ...tool(2, 'read', '{', '}'), ...tool(3, 'read'), end()];

  it('names a call only in its first fragment, and counts calls from 0', () => {
    const calls = deltas(stream(events)).flatMap(({ tool_calls: calls }) => (calls ? [calls] : []));
    expect(calls).toEqual([
      [{ index: 0, id: 'tooluse_2', type: 'function', function: { name: 'read', arguments: '' } }],
      [{ index: 0, function: { arguments: '{' } }],
      [{ index: 0, function: { arguments: '}' } }],
      [{ index: 1, id: 'tooluse_3', type: 'function', function: { name: 'read', arguments: '' } }],
      [{ index: 1, function: { arguments: '{}' } }],
    ]);
  });

  it('has a choice in every chunk, and no usage unless requested', () => {
    for (const chunk of chunks(stream(events))) {
      expect(chunk.choices).toHaveLength(1);
      expect(chunk).not.toHaveProperty('usage');
    }
  });

  it('with requested usage has null on every chunk but the last before [DONE]', () => {
    const sse = stream(events, include);
    const [last, ...earlier] = chunks(sse).toReversed();
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 812, total_tokens: 843 } });
    expect(earlier.every(({ usage, choices }) => usage === null && choices.length === 1)).toBe(true);
    expect(sse.endsWith('}\n\ndata: [DONE]\n\n')).toBe(true);
  });

  it.each([...events.keys()].slice(0, -1))(
    'which fails after event %i ends with the error, and nothing after it',
    (index) => {
      const error = new GatewayError('upstream_broken', 'The connection broke.');
      const sse = stream([...events.slice(0, index + 1), { type: 'reply-error', error }, end()]);
      const [last, ...before] = parseEvents(sse).reverse();
      expect(last).toEqual({
        error: { message: 'The connection broke.', type: 'server_error', param: null, code: null },
      });
      expect(
        before.flatMap(({ choices }) => choices.flatMap((one: Chunk['choices'][0]) => one.finish_reason ?? [])),
      ).toEqual([]);
      expect(sse).not.toContain('[DONE]');
    },
  );

  it('never unescapes text', () => {
    const writer = openaiChat.createWriter(request(), REPLY_ID);
    const odd = '\\u0041\\/';
    expect(writer.write({ type: 'text-delta', text: TextPiece.escaped(odd) })).toContain(`"content":"${odd}"}`);
  });
});

it('keeps a silent connection alive with a comment', () => {
  expect(openaiChat.keepAlive).toBe(': keep-alive\n\n');
});

it('creates ids in the format of the vendor', () => {
  expect(openaiChat.replyId('a'.repeat(30))).toBe(`chatcmpl-${'a'.repeat(24)}`);
});
