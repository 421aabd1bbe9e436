/** One block of a reply as its events, for tests of writers. */
import type { ReplyEvent } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';

export const text = (...texts: string[]): ReplyEvent[] => [
  { type: 'text-start' },
  ...texts.map((piece): ReplyEvent => ({ type: 'text-delta', text: TextPiece.plain(piece) })),
  { type: 'text-end' },
];
export const reasoning = (...texts: string[]): ReplyEvent[] => [
  { type: 'reasoning-start' },
  ...texts.map((piece): ReplyEvent => ({ type: 'reasoning-delta', text: TextPiece.escaped(piece) })),
  { type: 'reasoning-end', signature: 'c2ln' },
];
export const tool = (id: number, name: string, ...json: string[]): ReplyEvent[] => [
  { type: 'tool-use-start', toolUseId: `tooluse_${id}`, name },
  ...json.map((piece): ReplyEvent => ({ type: 'tool-use-delta', json: TextPiece.plain(piece) })),
  { type: 'tool-use-end' },
];
