/** Random replies that obey the grammar of core/reply.ts, cut into deltas and batches at random. */
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
    ...blocks.flatMap(blockEvents),
    { type: 'reply-end', stopReason: last, stopSequence: undefined, usage },
  ];
}

function blockEvents({ type, pieces }: ScriptBlock, at: number): ReplyEvent[] {
  switch (type) {
    case 'text':
      return [
        { type: 'text-start' },
        ...pieces.map((piece): ReplyEvent => ({ type: 'text-delta', text: TextPiece.plain(piece) })),
        { type: 'text-end' },
      ];
    case 'reasoning':
      return [
        { type: 'reasoning-start' },
        ...pieces.map((piece): ReplyEvent => ({ type: 'reasoning-delta', text: TextPiece.plain(piece) })),
        { type: 'reasoning-end', signature: 'sig' },
      ];
    case 'tool-use':
      return [
        { type: 'tool-use-start', toolUseId: `t${at}`, name: 'look' },
        ...pieces.map((piece): ReplyEvent => ({ type: 'tool-use-delta', json: TextPiece.plain(piece) })),
        { type: 'tool-use-end' },
      ];
  }
}

/** Texts over few letters, so that sequences match often, with a few surrogate pairs. */
export const words = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', '\n', '"', 'é', '😀'), maxLength: 12 });

export const anyBlocks: fc.Arbitrary<ScriptBlock[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('text' as const), pieces: fc.array(words) }) },
    fc.record({ type: fc.constant('reasoning' as const), pieces: fc.array(words) }),
    fc.record({ type: fc.constant('tool-use' as const), pieces: fc.constant(['{"a"', ':1}']) }),
  ),
  { maxLength: 5 },
);

/** The events in batches of the given sizes, repeated as needed. */
export function batchesOf(events: readonly ReplyEvent[], sizes: readonly number[]): ReplyEvent[][] {
  const batches: ReplyEvent[][] = [];
  for (let at = 0, turn = 0; at < events.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    batches.push(events.slice(at, at + size));
    at += size;
  }
  return batches;
}
