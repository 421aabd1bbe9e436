import { describe, expect, it } from 'vitest';
import { notesOf, OPUS, runPass } from '../../../../test/support/codewhisperer.ts';
import { assistant, conversation, user } from '../../../../test/support/conversations.ts';
import type { Part } from '../../../core/conversation.ts';
import type { Model } from '../../../core/models.ts';
import { wireProfile } from '../profiles.ts';
import type { Scope } from './pass.ts';
import { reasoningHistory } from './reasoning-history.ts';

describe('reasoning history', () => {
  const signed: Part = { type: 'reasoning', at: 'signed', text: 'hm', signature: 'c2ln' };
  const unsigned: Part = { type: 'reasoning', at: 'unsigned', text: 'hm' };
  const redacted: Part = { type: 'redacted-reasoning', at: 'redacted', data: 'QUJD' };
  const input = conversation([user('a'), assistant(signed, unsigned, redacted, 'b')]);

  it('is sent back with the placeholder if GPT models sent only the signature', () => {
    const silent = conversation([user('a'), assistant({ ...signed, text: '' }, 'b')]);
    const textFor = (reasoningSchema: Model['reasoningSchema']) => {
      const { turns } = runPass(reasoningHistory, silent, { model: { ...OPUS, reasoningSchema } }).conversation;
      return turns[1]?.parts.flatMap((part) => (part.type === 'reasoning' ? [part.text] : []));
    };
    const efforts = { properties: { effort: { enum: ['low', 'high'] } } };
    expect(textFor({ properties: { reasoning: efforts } })).toEqual(['...']);
    expect(textFor({ properties: { output_config: efforts } })).toEqual(['']);
  });

  it('is left out if its signature is broken text, which cannot be sent', () => {
    const broken = conversation([
      user('a'),
      assistant({ ...signed, signature: 'c2ln\ud800' }, { type: 'redacted-reasoning', at: 'r', data: '\udc00' }, 'b'),
    ]);
    const passed = runPass(reasoningHistory, broken);
    expect(passed.conversation.turns[1]?.parts.map(({ type }) => type)).toEqual(['text']);
    expect(notesOf(passed)).toEqual(['reasoning-unsigned-dropped signed']);
  });

  const cases: { name: string; change: Partial<Scope>; kept: string[]; notes: string[] }[] = [
    {
      name: 'is sent back if signed or redacted',
      change: {},
      kept: ['signed', 'redacted'],
      notes: ['reasoning-unsigned-dropped unsigned'],
    },
    {
      name: 'is sent back to a model that the catalogue does not list',
      change: { model: undefined },
      kept: ['signed', 'redacted'],
      notes: ['reasoning-unsigned-dropped unsigned'],
    },
    {
      name: 'is left out after the service refused a signature',
      change: { withoutReasoningHistory: true },
      kept: [],
      notes: ['reasoning-history-dropped signed'],
    },
    {
      name: 'is left out if the wire profile does not accept it',
      change: { profile: wireProfile('codewhisperer-legacy') },
      kept: [],
      notes: ['reasoning-history-dropped signed'],
    },
    {
      name: 'is left out for a model without reasoning',
      change: { model: { ...OPUS, reasoningSchema: undefined } },
      kept: [],
      notes: ['reasoning-history-dropped signed'],
    },
  ];
  it.each(cases)('$name', ({ change, kept, notes }) => {
    const passed = runPass(reasoningHistory, input, change);
    const left = passed.conversation.turns[1]?.parts.filter((part) => part.type !== 'text').map((part) => part.at);
    expect(left).toEqual(kept);
    expect(notesOf(passed)).toEqual(notes);
  });
});
