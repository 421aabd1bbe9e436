/** Random replies which keep the grammar of core/reply.ts, cut into deltas and batches at random; and its checker. */
import fc from 'fast-check';
import type { ReplyEvent } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';
import { estimated } from '../../src/core/usage.ts';

export type ScriptBlock =
  | { readonly type: 'text' | 'reasoning'; readonly pieces: readonly string[] }
  | { readonly type: 'tool-use'; readonly pieces: readonly string[] };

export function scriptOf(blocks: readonly ScriptBlock[]): ReplyEvent[] {
  const usage = { inputTokens: estimated(3), outputTokens: estimated(4) };
  const last = blocks.at(-1)?.type === 'tool-use' ? 'tool-use' : 'end-turn';
  return [
    { type: 'reply-start', inputTokens: estimated(3) },
    ...blocks.flatMap((block, index) => blockEvents(block, index)),
    { type: 'reply-end', stopReason: last, stopSequence: undefined, usage },
  ];
}

function blockEvents({ type, pieces }: ScriptBlock, index: number): ReplyEvent[] {
  switch (type) {
    case 'text':
      return [
        { type: 'text-start', index },
        ...pieces.map((piece): ReplyEvent => ({ type: 'text-delta', index, text: TextPiece.plain(piece) })),
        { type: 'text-end', index },
      ];
    case 'reasoning':
      return [
        { type: 'reasoning-start', index },
        ...pieces.map((piece): ReplyEvent => ({ type: 'reasoning-delta', index, text: TextPiece.plain(piece) })),
        { type: 'reasoning-end', index, signature: 'sig' },
      ];
    case 'tool-use':
      return [
        { type: 'tool-use-start', index, toolUseId: `t${index}`, name: 'look' },
        ...pieces.map((piece): ReplyEvent => ({ type: 'tool-use-delta', index, json: TextPiece.plain(piece) })),
        { type: 'tool-use-end', index },
      ];
  }
}

/** Texts over few letters, so that sequences match often, with a few characters of two units. */
export const words = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '\n', '"', 'é', '😀'), maxLength: 12 });

export const anyBlocks: fc.Arbitrary<ScriptBlock[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('text' as const), pieces: fc.array(words) }) },
    fc.record({ type: fc.constant('reasoning' as const), pieces: fc.array(words) }),
    fc.record({ type: fc.constant('tool-use' as const), pieces: fc.constant(['{"a"', ':1}']) }),
  ),
  { maxLength: 5 },
);

/** The events in batches of the given sizes, over and over. */
export function batchesOf(events: readonly ReplyEvent[], sizes: readonly number[]): ReplyEvent[][] {
  const batches: ReplyEvent[][] = [];
  for (let at = 0, turn = 0; at < events.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    batches.push(events.slice(at, at + size));
    at += size;
  }
  return batches;
}

/** undefined, or what is wrong with the events. */
export function grammarFault(events: readonly ReplyEvent[]): string | undefined {
  let open: { kind: string; index: number } | undefined;
  let blocks = 0;
  for (const [at, event] of events.entries()) {
    if ((event.type === 'reply-start') !== (at === 0)) return `${event.type} at ${at}`;
    const isLast = event.type === 'reply-end' || event.type === 'reply-error';
    if (isLast !== (at === events.length - 1)) return `${event.type} at ${at}`;
    const [, kind = '', step = ''] = /^(text|reasoning|tool-use)-(start|delta|end)$/.exec(event.type) ?? [];
    if (!('index' in event)) {
      if (event.type === 'reply-end' && open) return 'reply-end inside a block';
      continue;
    }
    if (step === 'start' || step === '') {
      if (open) return `${event.type} inside a block`;
      if (event.index !== blocks++) return `index ${event.index} where ${blocks - 1} was due`;
      if (step === 'start') open = { kind, index: event.index };
    } else {
      if (open?.kind !== kind || open.index !== event.index) return `${event.type} outside its block`;
      if (step === 'end') open = undefined;
    }
  }
  return undefined;
}
