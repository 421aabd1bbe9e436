import { describe, expect, it } from 'vitest';
import { parseEvents } from '../../../test/support/event-stream-text.ts';
import type { Reply } from '../../core/collect.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { runAtOnce } from '../../core/steps.ts';
import { TextPiece } from '../../core/text.ts';
import { estimated } from '../../core/usage.ts';
import { openaiChat } from './index.ts';

const CONTEXT = { header: () => undefined, nowMs: 0 };
const HI = [{ role: 'user', content: 'hi' }];

function parse(fields: object) {
  return runAtOnce(openaiChat.parseRequest({ model: 'm', messages: HI, ...fields }, CONTEXT));
}

describe('the options for reasoning', () => {
  const on = (effort?: string, budgetTokens?: number) => ({ mode: 'on', effort, budgetTokens });
  const options: readonly [object, object, string][] = [
    [{}, { mode: 'unset' }, 'content'],
    [{ reasoning_effort: 'high' }, on('high'), 'content'],
    [{ reasoning_effort: 'none' }, { mode: 'off' }, 'content'],
    [{ reasoning: { effort: 'low' } }, on('low'), 'details'],
    [{ reasoning: { max_tokens: 2_000 } }, on(undefined, 2_000), 'details'],
    [{ reasoning: { enabled: true } }, on(), 'details'],
    [{ reasoning: { enabled: false } }, { mode: 'off' }, 'details'],
    [{ reasoning: { effort: 'none' } }, { mode: 'off' }, 'details'],
    [{ reasoning: {} }, { mode: 'unset' }, 'details'],
    [{ reasoning: { effort: 'high', exclude: true } }, on('high'), 'hidden'],
    [{ include_reasoning: true }, on(), 'details'],
    [{ include_reasoning: false }, { mode: 'unset' }, 'hidden'],
    [{ reasoning_effort: 'low', reasoning: { effort: 'low' } }, on('low'), 'details'],
  ];
  it.each(options)('%j', (fields, reasoning, form) => {
    const { conversation, echo, adjustments } = parse(fields);
    expect(conversation.reasoning).toEqual(reasoning);
    expect(echo).toMatchObject({ reasoning: form });
    expect(adjustments).toEqual([]);
  });

  it('with an unknown effort is noted', () => {
    const { conversation, adjustments } = parse({ reasoning: { effort: 'utter' } });
    expect(conversation.reasoning).toEqual({ mode: 'unset' });
    expect(adjustments).toEqual([{ rule: 'parameter-ignored', path: 'reasoning.effort' }]);
  });
});

describe('reasoning in the history', () => {
  const histories: readonly [object, object[]][] = [
    [{ reasoning_content: 'hm' }, [{ type: 'reasoning', text: 'hm' }]],
    [{ reasoning: 'hm' }, [{ type: 'reasoning', text: 'hm' }]],
    [
      { reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 's', index: 0 }] },
      [{ type: 'reasoning', text: 'hm', signature: 's' }],
    ],
    [
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'h', index: 0 },
          { type: 'reasoning.text', text: 'm', index: 0 },
          { type: 'reasoning.text', signature: 's', index: 0 },
          { type: 'reasoning.text', text: 'again', index: 1 },
          { type: 'reasoning.encrypted', data: 'xx', index: 2 },
        ],
      },
      [
        { type: 'reasoning', text: 'hm', signature: 's' },
        { type: 'reasoning', text: 'again' },
        { type: 'redacted-reasoning', data: 'xx' },
      ],
    ],
    [
      { reasoning_details: [{ type: 'reasoning.summary', summary: 'in short' }] },
      [{ type: 'reasoning', text: 'in short' }],
    ],
    [
      {
        thinking_blocks: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'redacted_thinking', data: 'xx' },
        ],
      },
      [
        { type: 'reasoning', text: 'hm', signature: 's' },
        { type: 'redacted-reasoning', data: 'xx' },
      ],
    ],
    [{ reasoning_details: [], reasoning_content: null }, []],
  ];
  it.each(histories)('%j', (fields, parts) => {
    const messages = [...HI, { role: 'assistant', content: 'ok', ...fields }, ...HI];
    const { conversation, adjustments } = parse({ messages });
    expect(conversation.turns[1]?.parts).toMatchObject([...parts, { type: 'text', text: 'ok' }]);
    expect(adjustments).toEqual([]);
  });
});

describe('reasoning in the reply', () => {
  const usage = { inputTokens: estimated(1), outputTokens: estimated(1) };
  const reply: Reply = {
    blocks: [
      { type: 'reasoning', text: 'a "b"', signature: 's' },
      { type: 'redacted-reasoning', data: 'xx' },
      { type: 'text', text: 'ok' },
    ],
    sources: [],
    stopReason: 'end-turn',
    stopSequence: undefined,
    usage,
  };
  const events: readonly ReplyEvent[] = [
    { type: 'reply-start', inputTokens: estimated(1) },
    { type: 'reasoning-start' },
    { type: 'reasoning-delta', text: TextPiece.plain('a ') },
    { type: 'reasoning-delta', text: TextPiece.escaped('\\"b\\"') },
    { type: 'reasoning-end', signature: 's' },
    { type: 'redacted-reasoning', data: 'xx' },
    { type: 'text-start' },
    { type: 'text-delta', text: TextPiece.plain('ok') },
    { type: 'text-end' },
    { type: 'reply-end', stopReason: 'end-turn', stopSequence: undefined, usage },
  ];
  const forms: readonly [object, object][] = [
    [{}, { reasoning_content: 'a "b"' }],
    [
      { reasoning: { effort: 'low' } },
      {
        reasoning: 'a "b"',
        reasoning_details: [
          { type: 'reasoning.text', text: 'a "b"', signature: 's', format: 'unknown', index: 0 },
          { type: 'reasoning.encrypted', data: 'xx', format: 'unknown', index: 1 },
        ],
      },
    ],
    [{ reasoning: { exclude: true } }, {}],
  ];

  it.each(forms)('%j: complete and streamed alike', (fields, expected) => {
    const request = parse({ ...fields, stream: true });
    const whole = openaiChat.writeReply(reply, request, 'id') as { choices: { message: Record<string, unknown> }[] };
    const { reasoning_content, reasoning, reasoning_details } = whole.choices[0]?.message ?? {};
    expect(JSON.parse(JSON.stringify({ reasoning_content, reasoning, reasoning_details }))).toEqual(expected);

    const writer = openaiChat.createWriter(request, 'id');
    const stream = events.map((event) => writer.write(event)).join('');
    const chunks = parseEvents(stream).map(({ choices }) => choices[0].delta);
    const join = (key: string) => chunks.map((delta) => delta[key] ?? '').join('') || undefined;
    const joined = { reasoning_content: join('reasoning_content'), reasoning: join('reasoning') };
    const details = mergeDetails(chunks.flatMap((delta) => delta.reasoning_details ?? []));
    expect(
      JSON.parse(JSON.stringify({ ...joined, ...(details.length > 0 && { reasoning_details: details }) })),
    ).toEqual(expected);
  });
});

/** Joins the streamed details like clients do. */
function mergeDetails(details: readonly { index: number; text?: string }[]): object[] {
  const merged = new Map<number, { text?: string }>();
  for (const detail of details) {
    const before = merged.get(detail.index) ?? {};
    const text =
      before.text === undefined && detail.text === undefined ? {} : { text: (before.text ?? '') + (detail.text ?? '') };
    merged.set(detail.index, { ...before, ...detail, ...text });
  }
  return [...merged.values()];
}
