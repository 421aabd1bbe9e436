import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvents } from '../../../test/support/event-stream-text.ts';
import { brokenReplyEvents, replyEvents } from '../../../test/support/reply-events.ts';
import { ReplyCollector } from '../../core/collect.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { ReplyEnd, ReplyEvent, StopReason } from '../../core/reply.ts';
import { runAtOnce } from '../../core/steps.ts';
import { TextPiece } from '../../core/text.ts';
import { derived, estimated, measured, type Usage } from '../../core/usage.ts';
import { sealedSignature, visibleSignature } from '../reading/signature.ts';
import { anthropicMessages } from './index.ts';

const CONTEXT = { header: () => undefined, nowMs: 0 };

/** The data of the events in a stream, loosely: tests look into it. */
interface Sent {
  readonly type: string;
  readonly index?: number;
  readonly delta?: { readonly type?: string; readonly signature?: string; readonly thinking?: string };
  readonly content_block?: { readonly type: string };
  readonly error?: { readonly type: string; readonly message: string };
  readonly usage?: object;
}

function request(thinking?: object) {
  const messages = [{ role: 'user', content: 'hi' }];
  return runAtOnce(
    anthropicMessages.parseRequest({ model: 'claude-sonnet-4-5', max_tokens: 9, messages, thinking }, CONTEXT),
  );
}

const SHOWN = { type: 'adaptive' };
const OMITTED = { type: 'adaptive', display: 'omitted' };

function stream(events: readonly ReplyEvent[], thinking?: object): string {
  const writer = anthropicMessages.createWriter(request(thinking), 'msg_01Ab');
  return events.map((event) => writer.write(event)).join('');
}

function sent(events: readonly ReplyEvent[], thinking?: object): Sent[] {
  const text = stream(events, thinking);
  const parsed: Sent[] = parseEvents(text);
  expect(text.match(/^event: /gm)).toHaveLength(parsed.length);
  return parsed;
}

function whole(events: readonly ReplyEvent[], thinking?: object) {
  const collector = new ReplyCollector();
  for (const event of events) collector.push(event);
  const reply = anthropicMessages.writeReply(collector.reply(), request(thinking), 'msg_01Ab');
  return JSON.parse(JSON.stringify(reply));
}

const START: ReplyEvent = { type: 'reply-start', inputTokens: estimated(11840) };
const USAGE: Usage = { inputTokens: measured(3), outputTokens: measured(4) };

function end(fields: Partial<ReplyEnd> = {}): ReplyEvent {
  return { type: 'reply-end', stopReason: 'end-turn', stopSequence: undefined, usage: USAGE, ...fields };
}

function text(...pieces: string[]): ReplyEvent[] {
  const deltas = pieces.map((piece): ReplyEvent => ({ type: 'text-delta', text: TextPiece.plain(piece) }));
  return [{ type: 'text-start' }, ...deltas, { type: 'text-end' }];
}

function reasoning(signature: string | undefined, ...pieces: string[]): ReplyEvent[] {
  const deltas = pieces.map((piece): ReplyEvent => ({ type: 'reasoning-delta', text: TextPiece.plain(piece) }));
  return [{ type: 'reasoning-start' }, ...deltas, { type: 'reasoning-end', signature }];
}

function toolUse(...pieces: string[]): ReplyEvent[] {
  return [
    { type: 'tool-use-start', toolUseId: 'tooluse_1', name: 'Read' },
    ...pieces.map((piece): ReplyEvent => ({ type: 'tool-use-delta', json: TextPiece.plain(piece) })),
    { type: 'tool-use-end' },
  ];
}

const REPLY: readonly ReplyEvent[] = [
  START,
  ...reasoning('Z3c6MQ==', 'Check the file ', 'first.'),
  { type: 'redacted-reasoning', data: 'b3BhcXVl' },
  ...text('', 'Reading "it".\n'),
  { type: 'source', source: { type: 'web', url: 'https://a', title: 'A', snippet: undefined } },
  ...toolUse('{"file_path":', '"/w/a.ts"}'),
  end({
    stopReason: 'tool-use',
    usage: {
      inputTokens: derived(11899.6),
      outputTokens: measured(57),
      cacheReadTokens: measured(10000),
      cacheWriteTokens: measured(400),
      reasoningTokens: estimated(9),
    },
  }),
];

describe('a reply with every kind of block', () => {
  it('is streamed as recorded', async () => {
    await expect(stream(REPLY, SHOWN)).toMatchFileSnapshot('fixtures/reply.sse');
  });

  it('is written complete as recorded', async () => {
    await expect(`${JSON.stringify(whole(REPLY, SHOWN), null, 2)}\n`).toMatchFileSnapshot('fixtures/reply.json');
  });
});

it('is read without a note when the client sends it back', () => {
  const messages = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: whole(REPLY, SHOWN).content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'tooluse_1', content: 'ok' }] },
  ];
  const tools = [{ name: 'Read', input_schema: { type: 'object' } }];
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages, tools };
  expect(runAtOnce(anthropicMessages.parseRequest(body, CONTEXT)).adjustments).toEqual([]);
});

describe('thinking', () => {
  const events = [
    START,
    ...reasoning('sig', 'hm'),
    ...text('A'),
    { type: 'redacted-reasoning' as const, data: 'b3Bh' },
    ...toolUse(),
    end(),
  ];

  it.each([
    { name: 'it was not requested', thinking: undefined },
    { name: 'it is disabled', thinking: { type: 'disabled' } },
  ])('is dropped without a gap if $name', ({ thinking }) => {
    const blocks = sent(events, thinking).filter(({ type }) => type === 'content_block_start');
    expect(blocks.map(({ index, content_block }) => `${index} ${content_block?.type}`)).toEqual([
      '0 text',
      '1 tool_use',
    ]);
    expect(whole(events, thinking).content.map(({ type }: { type: string }) => type)).toEqual(['text', 'tool_use']);
  });

  it('is omitted as a block with only a signature, which contains the text', () => {
    const signature = sealedSignature({ text: 'hm', signature: 'sig' });
    const first = sent(events, OMITTED).filter(({ index }) => index === 0);
    expect(first).toEqual([
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature } },
      { type: 'content_block_stop', index: 0 },
    ]);
    expect(whole(events, OMITTED).content[0]).toEqual({ type: 'thinking', thinking: '', signature });
  });

  it.each([undefined, ''])('always carries a signature, even if the upstream gave %j', (upstream) => {
    const unsigned = [START, ...reasoning(upstream, 'hm'), end()];
    const delta = sent(unsigned, SHOWN).find(({ delta }) => delta?.type === 'signature_delta')?.delta;
    expect(delta?.signature).toBe(visibleSignature(undefined));
    expect(delta?.signature).not.toBe('');
    expect(whole(unsigned, SHOWN).content[0].signature).toBe(delta?.signature);
  });

  it('is sent back unchanged, whatever was shown of it', () => {
    fc.assert(
      fc.property(replyEvents(), fc.constantFrom(SHOWN, OMITTED), (reply, thinking) => {
        const collector = new ReplyCollector();
        for (const event of reply) collector.push(event);
        const messages = [{ role: 'assistant', content: whole(reply, thinking).content }];
        const { turns } = runAtOnce(
          anthropicMessages.parseRequest({ model: 'm', max_tokens: 9, messages }, CONTEXT),
        ).conversation;
        const back = turns[0]?.parts.flatMap((part) =>
          part.type === 'reasoning' ? [[part.text, part.signature]] : [],
        );
        const said = collector
          .reply()
          .blocks.flatMap((block) => (block.type === 'reasoning' ? [[block.text, block.signature || undefined]] : []));
        expect(back).toEqual(said);
      }),
      { seed: 42, numRuns: 300 },
    );
  });
});

describe('text', () => {
  it('that is empty opens no block', () => {
    const events = [START, ...text(), ...text('', ''), ...text('A', ''), end()];
    expect(sent(events).map(({ type, index }) => `${type} ${index ?? ''}`.trim())).toEqual([
      'message_start',
      'content_block_start 0',
      'content_block_delta 0',
      'content_block_stop 0',
      'message_delta',
      'message_stop',
    ]);
    expect(whole(events).content).toEqual([{ type: 'text', text: 'A', citations: null }]);
  });

  it('that is escaped is copied unchanged', () => {
    const escaped = 'caf\\u00e9 \\/ \\ud83d';
    const delta: ReplyEvent = { type: 'text-delta', text: TextPiece.escaped(escaped) };
    expect(stream([START, { type: 'text-start' }, delta])).toContain(`"text":"${escaped}"}}`);
  });
});

describe('the end', () => {
  it.each<{ reason: StopReason; wire: string; sequence: string | null }>([
    { reason: 'end-turn', wire: 'end_turn', sequence: null },
    { reason: 'tool-use', wire: 'tool_use', sequence: null },
    { reason: 'max-tokens', wire: 'max_tokens', sequence: null },
    { reason: 'stop-sequence', wire: 'stop_sequence', sequence: 'END' },
    { reason: 'refusal', wire: 'refusal', sequence: null },
    { reason: 'context-window', wire: 'model_context_window_exceeded', sequence: null },
  ])('$reason is $wire', ({ reason, wire, sequence }) => {
    const events = [START, end({ stopReason: reason, stopSequence: sequence ?? undefined })];
    const ending = {
      container: null,
      stop_reason: wire,
      stop_sequence: sequence,
      stop_details: reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
    };
    expect(sent(events).find(({ type }) => type === 'message_delta')?.delta).toEqual(ending);
    expect(whole(events)).toMatchObject(ending);
  });

  it.each([
    [
      { category: 'REASONING_EXTRACTION', explanation: 'why' },
      { category: 'reasoning_extraction', explanation: 'why' },
    ],
    [
      { category: 'SOMETHING_NEW', explanation: undefined },
      { category: null, explanation: null },
    ],
  ])('reports why the model refused: %j', (refusal, details) => {
    const events = [START, end({ stopReason: 'refusal', refusal })];
    const ending = { stop_reason: 'refusal', stop_details: { type: 'refusal', ...details } };
    expect(sent(events).find(({ type }) => type === 'message_delta')?.delta).toMatchObject(ending);
    expect(whole(events)).toMatchObject(ending);
  });

  it('has every member of the usage, null where the service reports none', () => {
    const bare = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
    const none = { server_tool_use: null, output_tokens_details: null };
    const service = { cache_creation: null, inference_geo: null, service_tier: 'standard', speed: null };
    const events = [START, end()];
    expect(whole(events).usage).toEqual({ input_tokens: 3, output_tokens: 4, ...bare, ...none, ...service });
    expect(sent(events).at(0)).toMatchObject({
      message: { usage: { input_tokens: 11840, output_tokens: 0, ...bare, ...none, ...service } },
    });
    expect(sent(events).find(({ type }) => type === 'message_delta')?.usage).toEqual({
      input_tokens: 3,
      output_tokens: 4,
      ...bare,
      ...none,
    });
  });

  it('counts input without cached tokens, and never below 0', () => {
    const usage = { ...USAGE, inputTokens: estimated(5), cacheReadTokens: measured(8) };
    expect(whole([START, end({ usage })]).usage).toMatchObject({
      input_tokens: 0,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 8,
      output_tokens: 4,
    });
  });
});

describe('a reply that breaks off', () => {
  const error = new GatewayError('upstream_broken', 'The connection was lost.');

  it.each<{ code: ErrorCode; type: string }>([
    { code: 'upstream_broken', type: 'overloaded_error' },
    { code: 'upstream_throttled', type: 'overloaded_error' },
    { code: 'upstream_timeout', type: 'overloaded_error' },
    { code: 'tool_use_truncated', type: 'overloaded_error' },
    { code: 'internal', type: 'overloaded_error' },
    { code: 'quota_exhausted', type: 'invalid_request_error' },
    { code: 'upstream_refused', type: 'invalid_request_error' },
    { code: 'context_too_long', type: 'invalid_request_error' },
  ])('for $code ends with $type', ({ code, type }) => {
    const last = sent([START, { type: 'reply-error', error: new GatewayError(code, 'So it was.') }]).at(-1);
    expect(last).toMatchObject({ type: 'error', error: { type, message: expect.stringMatching(/./) } });
  });

  it('closes open text and thinking', () => {
    const cut = [...text('A').slice(0, -1), { type: 'reply-error' as const, error }];
    expect(sent([START, ...cut]).map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'error',
    ]);
    const thought = [...reasoning('sig', 'hm').slice(0, -1), { type: 'reply-error' as const, error }];
    expect(sent([START, ...thought], SHOWN).at(-3)?.delta?.signature).toBe(visibleSignature(undefined));
  });

  it('does not close an open tool use, whose input is incomplete', () => {
    const cut = [...toolUse('{"a":').slice(0, -1), { type: 'reply-error' as const, error }];
    expect(sent([START, ...cut]).map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'error',
    ]);
  });

  it('ends after the error', () => {
    expect(sent([START, { type: 'reply-error', error }, ...text('A'), end()]).at(-1)?.type).toBe('error');
  });
});

it('writes long numbers of a call as the model did, streamed or not', () => {
  const json = '{"id":12345678901234567890,"x":[0.30000000000000004,1.50,-9007199254740993],"s":"1234567890123456"}';
  const events = [START, ...toolUse(json), end({ stopReason: 'tool-use' })];
  const collector = new ReplyCollector();
  for (const event of events) collector.push(event);
  const reply = anthropicMessages.writeReply(collector.reply(), request(), 'msg_01Ab');
  expect(JSON.stringify(reply)).toContain(`"input":${json}`);
  expect(stream(events)).toContain(JSON.stringify(json));
});

describe('any reply', () => {
  const thinking = fc.constantFrom(undefined, SHOWN, OMITTED);

  it('keeps its blocks in sequence, and ends after its last event', () => {
    fc.assert(
      fc.property(fc.oneof(replyEvents(), brokenReplyEvents()), thinking, (events, display) => {
        const stream = sent([...events, end()], display);
        const letters = stream.map((event) => LETTERS[event.type] ?? '?').join('');
        expect(letters).toMatch(/^<(\[d*\])*((\[d*)?!|\$>)$/);
        const opened = stream.filter(({ type }) => type === 'content_block_start').map(({ index }) => index);
        expect(opened).toEqual(opened.map((_, i) => i));
      }),
      { seed: 42, numRuns: 500 },
    );
  });
});

const LETTERS: Readonly<Record<string, string>> = {
  message_start: '<',
  content_block_start: '[',
  content_block_delta: 'd',
  content_block_stop: ']',
  message_delta: '$',
  message_stop: '>',
  error: '!',
};

it('keeps the connection alive with pings', () => {
  expect(anthropicMessages.keepAlive).toBe('event: ping\ndata: {"type":"ping"}\n\n');
});

it("makes ids of the vendor's kind", () => {
  expect(anthropicMessages.replyId('abcdefghijklmnopqrstuvwxyz')).toBe('msg_abcdefghijklmnopqrstuvwx');
});
