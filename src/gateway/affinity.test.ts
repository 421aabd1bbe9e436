import { describe, expect, it } from 'vitest';
import { image } from '../../test/support/conversations.ts';
import { conversation } from '../../test/support/fake-upstream.ts';
import type { Conversation, Part, Turn } from '../core/conversation.ts';
import { runAtOnce } from '../core/steps.ts';
import { conversationIdsOf } from './affinity.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const system = (words: string) => [{ at: 'system', text: words, cachePoint: false }];
const text = (words: string) => ({ type: 'text', at: 'x', text: words }) as const;
const turn = (role: Turn['role'], ...parts: Part[]): Turn => ({ at: 'x', role, parts });
const user = (words: string) => turn('user', text(words));
const call = turn('assistant', { type: 'tool-use', at: 'x', toolUseId: 't', name: 'ls', input: {} });
const result = (...more: Part[]) =>
  turn('user', { type: 'tool-result', at: 'x', toolUseId: 't', content: [], isError: false }, ...more);

const idOf = (client: string, sent: Conversation) => runAtOnce(conversationIdsOf(client, sent)).conversationId;
const ofTurns = (...turns: Turn[]) => runAtOnce(conversationIdsOf('c', conversation('', { turns })));

describe('the conversation id', () => {
  // Conversations that are open while dragoman is updated keep their ids.
  it.each([
    ['Hello', 'b175da69-e1c8-882d-921b-5691b6d01cd0', '8aa3486c-b26b-8cbf-aef8-a9f3c27e3049'],
    ['é\ud800😀', '7d4fabec-6fcb-8b42-9573-0aa78fee918d', '57e788d1-4b67-8c04-b226-9c37e870e868'],
    ['x'.repeat(70_000), '8cbe649b-12d1-8ab9-95c2-1d272a70f629', '7284babc-119d-8f57-b436-f1541ac1c371'],
  ])('is the same in every version: %.9j', (words, conversationId, continuationId) => {
    const ids = runAtOnce(conversationIdsOf('key-1', conversation('', { turns: [user(words)] })));
    expect(ids).toEqual({ conversationId, rootConversationId: conversationId, continuationId });
  });

  it('is a UUID and always the same', () => {
    const id = idOf('c', conversation('hi', { key: 'session-1' }));
    expect(id).toMatch(UUID);
    expect(idOf('c', conversation('something else', { key: 'session-1' }))).toBe(id);
  });

  it('stays the same in all turns of a conversation without a key, whatever the model and the system text', () => {
    const first = conversation('hi', { system: system('It is 10:00.') });
    const turns = [...first.turns, turn('assistant', text('hello')), user('and?')];
    const later = conversation('hi', { system: system('It is 10:01.'), model: 'another', turns });
    expect(idOf('c', later)).toBe(idOf('c', first));
  });

  it.each([
    ['clients', idOf('other', conversation('hi', { key: 'k' })), conversation('hi', { key: 'k' })],
    ['clients without a key', idOf('other', conversation('hi')), conversation('hi')],
    ['keys', idOf('c', conversation('hi', { key: 'l' })), conversation('hi', { key: 'k' })],
    ['beginnings', idOf('c', conversation('ho')), conversation('hi')],
    ['a key and the same words', idOf('c', conversation('x', { key: 'hi' })), conversation('hi')],
  ])('keeps different %s apart', (_name, id, other) => {
    expect(idOf('c', other)).not.toBe(id);
  });

  it('depends on where one part ends and the next begins', () => {
    const one = ofTurns(turn('user', text('a'), text('bc')));
    expect(ofTurns(turn('user', text('ab'), text('c'))).conversationId).not.toBe(one.conversationId);
  });

  it('differs for texts of megabytes, wherever they differ', () => {
    const long = 'x'.repeat(2 * 1024 * 1024);
    const half = long.slice(long.length / 2);
    const ids = [long, `${long}x`, `y${long.slice(1)}`, `${long.slice(1)}y`, `${half}y${half.slice(1)}`].map(
      (message) => idOf('c', conversation(message)),
    );
    expect(new Set(ids).size).toBe(5);
    expect(idOf('c', conversation(long))).toBe(ids[0]);
  });

  it('differs for conversations that begin with different images', () => {
    const picture = (data: string) => ofTurns(turn('user', image(data)));
    expect(picture('aaaa').conversationId).not.toBe(picture('bbbb').conversationId);
    expect(picture('aaaa').conversationId).toBe(picture('aaaa').conversationId);
  });
});

describe('the root conversation id', () => {
  it('is the id of the conversation itself, or of the parent of a sub-agent', () => {
    const parent = runAtOnce(conversationIdsOf('c', conversation('hi', { key: 's' })));
    const agent = runAtOnce(conversationIdsOf('c', conversation('look', { key: 's/a', rootKey: 's' })));
    expect(parent.rootConversationId).toBe(parent.conversationId);
    expect(agent.rootConversationId).toBe(parent.conversationId);
    expect(agent.conversationId).not.toBe(parent.conversationId);
  });
});

describe('the continuation id', () => {
  it('stays the same in the tool rounds of a turn, also when the client adds text to the results', () => {
    const { continuationId } = ofTurns(user('list'));
    expect(continuationId).toMatch(UUID);
    expect(ofTurns(user('list'), call, result()).continuationId).toBe(continuationId);
    expect(ofTurns(user('list'), call, result(text('a reminder'))).continuationId).toBe(continuationId);
  });

  it('differs for each turn of the user, also for the same text', () => {
    const turns = [user('go on'), turn('assistant', text('done')), user('go on')];
    const ids = [ofTurns(...turns.slice(0, 1)), ofTurns(...turns), ofTurns(...turns.slice(0, 2), user('stop'))];
    expect(new Set(ids.map(({ continuationId }) => continuationId)).size).toBe(3);
    expect(new Set(ids.map(({ conversationId }) => conversationId)).size).toBe(1);
  });
});
