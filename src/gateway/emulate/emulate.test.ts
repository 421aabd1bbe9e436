import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conversation } from '../../../test/support/fake-upstream.ts';
import { checkGrammar } from '../../../test/support/grammar.ts';
import { anyBlocks, batchesOf, type ScriptBlock, scriptOf, words } from '../../../test/support/reply-script.ts';
import type { Conversation, OutputLimits } from '../../core/conversation.ts';
import type { ReplyEvent } from '../../core/reply.ts';
import { estimateTokens } from '../../core/tokens.ts';
import { LeakedCalls } from '../../upstreams/codewhisperer/leaked-calls/index.ts';
import { MaxTokens } from './max-tokens.ts';
import { planEmulation } from './plan.ts';
import { SingleToolUse } from './single-tool-use.ts';
import { StopSequences } from './stop-sequences.ts';
import type { ReplyTransform } from './transform.ts';

const SEEDED = { seed: 42, numRuns: 500 };

function run(transform: ReplyTransform, events: readonly ReplyEvent[], sizes: readonly number[] = [1]): ReplyEvent[] {
  const out: ReplyEvent[] = [];
  for (const batch of batchesOf(events, sizes)) {
    if (transform.finished) break;
    out.push(...transform.push(batch));
  }
  return out;
}

function text(events: readonly ReplyEvent[], kinds: readonly string[] = ['text-delta']): string {
  return events.map((event) => (kinds.includes(event.type) && 'text' in event ? event.text.plain : '')).join('');
}

function toolUses(events: readonly ReplyEvent[]): number {
  return events.filter(({ type }) => type === 'tool-use-start').length;
}

function ending(events: readonly ReplyEvent[]) {
  const last = events.at(-1);
  return last?.type === 'reply-end' ? last : expect.fail(`no reply-end, but ${last?.type}`);
}

function textBlock(...pieces: string[]): ScriptBlock {
  return { type: 'text', pieces };
}

describe('stop sequences', () => {
  const cases: { name: string; pieces: string[]; stops: string[]; expected: string; stopped?: string }[] = [
    { name: 'inside one piece', pieces: ['one STOP two'], stops: ['STOP'], expected: 'one ', stopped: 'STOP' },
    { name: 'over three pieces', pieces: ['one S', 'TO', 'P two'], stops: ['STOP'], expected: 'one ', stopped: 'STOP' },
    { name: 'a beginning that is not completed', pieces: ['one ST', 'ART'], stops: ['STOP'], expected: 'one START' },
    { name: 'a beginning at the very end', pieces: ['one STO'], stops: ['STOP'], expected: 'one STO' },
    { name: 'a false start inside the true one', pieces: ['aa', 'ab'], stops: ['aab'], expected: 'a', stopped: 'aab' },
    { name: 'the one completed first', pieces: ['xaby'], stops: ['aby', 'b'], expected: 'xa', stopped: 'b' },
    { name: 'the longer of two ending together', pieces: ['xab'], stops: ['b', 'ab'], expected: 'x', stopped: 'ab' },
    { name: 'at the very beginning', pieces: ['\n\nHuman'], stops: ['\n\n'], expected: '', stopped: '\n\n' },
    { name: 'an empty sequence matches nothing', pieces: ['text'], stops: [''], expected: 'text' },
  ];

  it.each(cases)('$name', ({ pieces, stops, expected, stopped }) => {
    const events = run(new StopSequences(stops), scriptOf([textBlock(...pieces)]));
    expect(text(events)).toBe(expected);
    expect(checkGrammar(events)).toBeUndefined();
    expect(ending(events)).toMatchObject({
      stopReason: stopped === undefined ? 'end-turn' : 'stop-sequence',
      stopSequence: stopped,
    });
  });

  it('applies to text only', () => {
    const blocks: ScriptBlock[] = [
      { type: 'reasoning', pieces: ['STOP'] },
      { type: 'tool-use', pieces: ['{"a":"STOP"}'] },
    ];
    expect(run(new StopSequences(['STOP']), scriptOf(blocks))).toEqual(scriptOf(blocks));
  });

  it('does not match across two text blocks', () => {
    const events = run(new StopSequences(['ab']), scriptOf([textBlock('a'), textBlock('b')]));
    expect(ending(events).stopReason).toBe('end-turn');
  });

  it('buffers at most one character less than the longest sequence', () => {
    const transform = new StopSequences(['aaaa']);
    const shown: string[] = [];
    for (const event of scriptOf([textBlock('a', 'a', 'a', 'b')])) shown.push(text(transform.push([event])));
    expect(shown.join('|')).toBe('|||||aaab||');
  });

  it('passes on deltas unchanged that cannot begin a sequence', () => {
    const script = scriptOf([textBlock('plain', ' words')]);
    for (const [at, event] of run(new StopSequences(['STOP']), script).entries()) expect(event).toBe(script[at]);
  });

  it('finds the same stop however text and batches are cut, and keeps the exact text before it', () => {
    const stops = fc.array(words, { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(words), stops, fc.array(fc.nat(5), { minLength: 1 }), (pieces, sequences, sizes) => {
        const whole = pieces.join('');
        const cut = run(new StopSequences(sequences), scriptOf([textBlock(...pieces)]), sizes);
        const uncut = run(new StopSequences(sequences), scriptOf([textBlock(whole)]));
        expect(text(cut)).toBe(text(uncut));
        expect(ending(cut).stopSequence).toBe(ending(uncut).stopSequence);
        expect(checkGrammar(cut)).toBeUndefined();
        const { stopSequence } = ending(cut);
        if (stopSequence === undefined) {
          expect(text(cut)).toBe(whole);
          for (const sequence of sequences) if (sequence !== '') expect(whole).not.toContain(sequence);
        } else {
          expect(whole.startsWith(text(cut) + stopSequence)).toBe(true);
        }
      }),
      SEEDED,
    );
  });
});

describe('max tokens', () => {
  const long = 'The quick brown fox jumps over the lazy dog. '.repeat(40);

  it('passes on a reply within the limit unchanged', () => {
    const script = scriptOf([textBlock('short'), { type: 'tool-use', pieces: ['{}'] }]);
    expect(run(new MaxTokens(1000), script)).toEqual(script);
  });

  it('cuts text at the limit, with stop reason max-tokens and estimated usage', () => {
    const events = run(new MaxTokens(20), scriptOf([textBlock(...(long.match(/.{1,7}/g) ?? []))]));
    expect(ending(events)).toMatchObject({
      stopReason: 'max-tokens',
      usage: { outputTokens: { provenance: 'estimated' } },
    });
    expect(estimateTokens(text(events))).toBeLessThanOrEqual(20);
    expect(estimateTokens(text(events))).toBeGreaterThan(15);
    expect(long.startsWith(text(events))).toBe(true);
  });

  it('enforces large limits as well, and passes on deltas unchanged that cannot reach them', () => {
    const script = scriptOf([textBlock(...Array.from({ length: 4_000 }, () => long.slice(0, 45)))]);
    const events = run(new MaxTokens(32_000), script, [100]);
    expect(ending(events).stopReason).toBe('max-tokens');
    expect(estimateTokens(text(events))).toBeGreaterThan(31_000);
    expect(estimateTokens(text(events))).toBeLessThan(33_000);
    for (const [at, event] of events.slice(0, 700).entries()) expect(event).toBe(script[at]);
  });

  it('counts reasoning too and closes its block', () => {
    const events = run(new MaxTokens(10), scriptOf([{ type: 'reasoning', pieces: [long] }, textBlock('answer')]));
    expect(ending(events).stopReason).toBe('max-tokens');
    expect(text(events)).toBe('');
    expect(checkGrammar(events)).toBeUndefined();
  });

  it('never cuts a tool call, and keeps the stop reason of a reply that ends with one', () => {
    const script = scriptOf([{ type: 'tool-use', pieces: [JSON.stringify({ text: long })] }]);
    expect(run(new MaxTokens(5), script)).toEqual(script);
  });

  it('starts no block after a tool call has used up the limit', () => {
    const script = scriptOf([{ type: 'tool-use', pieces: [JSON.stringify({ text: long })] }, textBlock('more')]);
    const events = run(new MaxTokens(5), script);
    expect(toolUses(events)).toBe(1);
    expect(text(events)).toBe('');
    expect(ending(events).stopReason).toBe('max-tokens');
  });

  it('never splits a character', () => {
    for (let limit = 1; limit < 12; limit++) {
      const events = run(new MaxTokens(limit), scriptOf([textBlock('😀'.repeat(30))]));
      expect(text(events).isWellFormed()).toBe(true);
    }
  });

  it('keeps the grammar, a prefix of the text and whole tool calls, however the reply is cut', () => {
    fc.assert(
      fc.property(anyBlocks, fc.nat(30), fc.array(fc.nat(5), { minLength: 1 }), (blocks, limit, sizes) => {
        const script = scriptOf(blocks);
        const events = run(new MaxTokens(limit), script, sizes);
        expect(checkGrammar(events)).toBeUndefined();
        const kinds = ['text-delta', 'reasoning-delta'];
        expect(text(script, kinds).startsWith(text(events, kinds))).toBe(true);
      }),
      SEEDED,
    );
  });
});

describe('a single tool use', () => {
  it('drops every call after the first and renumbers the remaining blocks, however the reply is cut', () => {
    fc.assert(
      fc.property(anyBlocks, fc.array(fc.nat(5), { minLength: 1 }), (blocks, sizes) => {
        const script = scriptOf(blocks);
        const events = run(new SingleToolUse(), script, sizes);
        expect(checkGrammar(events)).toBeUndefined();
        expect(toolUses(events)).toBe(Math.min(1, toolUses(script)));
        expect(text(events)).toBe(text(script));
        expect(events.at(-1)).toEqual(script.at(-1));
      }),
      SEEDED,
    );
  });
});

describe('all transforms together', () => {
  it('keep the grammar', () => {
    const limits = fc.record({
      maxTokens: fc.option(fc.nat(40), { nil: undefined }),
      stopSequences: fc.array(words, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(anyBlocks, limits, fc.boolean(), (blocks, { maxTokens, stopSequences }, parallelToolUse) => {
        const tools = [{ at: 'tools[0]', name: 'look', description: '', inputSchema: undefined }];
        const output: OutputLimits = { maxTokens, stopSequences, format: { type: 'text' } };
        const plan = planEmulation(conversation('x', { tools, parallelToolUse, output }));
        let events: readonly ReplyEvent[] = new LeakedCalls(tools, () => {}).push(scriptOf(blocks));
        for (const transform of plan.createTransforms(false)) events = transform.push(events);
        expect(checkGrammar(events)).toBeUndefined();
      }),
      SEEDED,
    );
  });
});

describe('the adjustments', () => {
  const tools = [{ at: 'tools[0]', name: 'look', description: '', inputSchema: undefined }];
  const output: OutputLimits = { maxTokens: undefined, stopSequences: [], format: { type: 'text' } };
  const rows: [string, Partial<Conversation>, string[]][] = [
    ['no option set', {}, []],
    ['a small limit', { output: { ...output, maxTokens: 16 } }, ['max-tokens-emulated']],
    ['a large limit', { output: { ...output, maxTokens: 32_000 } }, ['max-tokens-emulated']],
    ['stop sequences', { output: { ...output, stopSequences: ['x'] } }, ['stop-emulated']],
    ['one tool use at a time', { tools, parallelToolUse: false }, ['parallel-tool-use-emulated']],
    ['one tool use at a time without tools', { parallelToolUse: false }, []],
    ['JSON', { output: { ...output, format: { type: 'json' } } }, ['json-emulated']],
    [
      'JSON schema',
      { output: { ...output, format: { type: 'json-schema', name: undefined, schema: {} } } },
      ['json-schema-emulated'],
    ],
    ['any tool', { tools, toolChoice: { type: 'required' } }, ['tool-choice-emulated']],
    ['a named tool', { tools, toolChoice: { type: 'tool', name: 'look' } }, ['tool-choice-emulated']],
  ];

  it('leave out a limit that the upstream enforces, and no transform enforces it here', () => {
    const plan = planEmulation(conversation('x', { output: { ...output, maxTokens: 16, stopSequences: ['x'] } }));
    expect(plan.adjustmentsFor(true).map(({ rule }) => rule)).toEqual(['stop-emulated']);
    expect(plan.createTransforms(true)).toHaveLength(1);
    expect(plan.createTransforms(false)).toHaveLength(2);
  });

  it.each(rows)('%s', (_name, more, rules) => {
    expect(
      planEmulation(conversation('x', more))
        .adjustmentsFor(false)
        .map(({ rule }) => rule),
    ).toEqual(rules);
  });
});
