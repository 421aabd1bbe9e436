import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idsOf, OPUS } from '../../../test/support/codewhisperer.ts';
import {
  assistant,
  conversation,
  messyConversation,
  plainConversation,
  tool,
  toolResult,
  toolUse,
  user,
} from '../../../test/support/conversations.ts';
import { WIRE_PROFILES } from '../../../test/support/wire-profiles.ts';
import type { Conversation } from '../../core/conversation.ts';
import { GatewayError } from '../../core/errors.ts';
import { runAtOnce } from '../../core/steps.ts';
import { bodyOfObjects } from './body.ts';
import type { BodyContent } from './body-content.ts';
import { normalize } from './normalize/passes.ts';
import { type PlainBody, plainBody } from './plain-body.ts';
import { type WireProfile, wireProfile } from './profiles.ts';

const ARN = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL';

/** Both bodies of a conversation; a message in place of the one that was refused. */
function bodies(chat: Conversation, change: Partial<BodyContent> = {}) {
  const profile = change.profile ?? wireProfile('q-rest');
  const { conversation: normalized, traits } = runAtOnce(
    normalize(chat, { profile, model: OPUS, withoutReasoningHistory: false }),
  );
  const content: BodyContent = {
    conversation: normalized,
    profile,
    modelId: OPUS.id,
    ids: idsOf('0b7c2b6e-5d1c-4d0e-9a3f-3a2f3f1f9e10'),
    profileArn: undefined,
    fields: undefined,
    environment: undefined,
    ...change,
  };
  return { plain: printed(runAtOnce(plainBody(content, traits))), ofObjects: objects(content) };
}

function objects(content: BodyContent) {
  try {
    return printed(runAtOnce(bodyOfObjects(content)));
  } catch (error) {
    if (error instanceof GatewayError) return error.message;
    throw error;
  }
}

function printed(body: PlainBody | undefined) {
  return body && { json: String(body.json), adjustments: body.adjustments };
}

const limited = (limits: Partial<WireProfile['limits']>): WireProfile => {
  const profile = wireProfile('q-rest');
  return { ...profile, limits: { ...profile.limits, ...limits } };
};

describe('a plain body', () => {
  const contents = fc.record({
    profile: fc.constantFrom(...WIRE_PROFILES),
    profileArn: fc.constantFrom(undefined, ARN, 'arn:aws:other'),
    modelId: fc.constantFrom(OPUS.id, undefined, 'bad name'),
    fields: fc.constantFrom(undefined, { max_tokens: 100 }),
  });

  it.each([
    ['messy', messyConversation, 0.01],
    ['plain', plainConversation, 0.2],
  ])('has the same bytes as one made of objects, for %s conversations', (_kind, conversations, leastPlain) => {
    let plain = 0;
    let runs = 0;
    fc.assert(
      fc.property(conversations, contents, ({ conversation: chat }, content) => {
        try {
          const both = bodies(chat, content);
          runs += 1;
          if (!both.plain) return;
          plain += 1;
          expect(both.plain).toEqual(both.ofObjects);
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
        }
      }),
      { seed: 42, numRuns: 2_000 },
    );
    expect(plain / runs).toBeGreaterThan(leastPlain);
  });

  const round = [user('Read it.'), assistant('Reading.', toolUse('t1')), user(toolResult('t1', 'words'))];

  it('is written for a round of tools', () => {
    const { plain, ofObjects } = bodies(conversation(round, { tools: [tool('read_file')] }));
    expect(plain).toBeDefined();
    expect(plain).toEqual(ofObjects);
  });

  it.each<[string, Conversation, Partial<BodyContent>, string]>([
    [
      'a text that is too long',
      conversation([user('long')]),
      { profile: limited({ contentChars: 3 }) },
      'content-length',
    ],
    ['a result that is too long', conversation(round), { profile: limited({ contentChars: 4 }) }, 'content-length'],
    ['too long a history', conversation(round), { profile: limited({ historyEntries: 1 }) }, 'history-length'],
    ['a model id that cannot be one', conversation([user('hi')]), { modelId: 'bad name' }, 'model-id'],
    ['an ARN of something else', conversation([user('hi')]), { profileArn: 'arn:aws:s3' }, 'profile-arn'],
  ])('is not written for %s, which is refused', (_what, chat, change, rule) => {
    const { plain, ofObjects } = bodies(chat, change);
    expect(plain).toBeUndefined();
    expect(ofObjects).toContain(`rule ${rule}`);
  });
});
