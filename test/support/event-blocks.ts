/** One block of a reply as its events, piece by piece: for tests of writers. */
import type { ReplyEvent } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';

export const text = (index: number, ...texts: string[]): ReplyEvent[] => [
  { type: 'text-start', index },
  ...texts.map((piece): ReplyEvent => ({ type: 'text-delta', index, text: TextPiece.plain(piece) })),
  { type: 'text-end', index },
];
export const reasoning = (index: number, ...texts: string[]): ReplyEvent[] => [
  { type: 'reasoning-start', index },
  ...texts.map((piece): ReplyEvent => ({ type: 'reasoning-delta', index, text: TextPiece.escaped(piece) })),
  { type: 'reasoning-end', index, signature: 'c2ln' },
];
export const tool = (index: number, name: string, ...json: string[]): ReplyEvent[] => [
  { type: 'tool-use-start', index, toolUseId: `tooluse_${index}`, name },
  ...json.map((piece): ReplyEvent => ({ type: 'tool-use-delta', index, json: TextPiece.plain(piece) })),
  { type: 'tool-use-end', index },
];
