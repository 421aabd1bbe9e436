import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPUS } from '../../../../test/support/codewhisperer.ts';
import { messyConversation, plainConversation } from '../../../../test/support/conversations.ts';
import { WIRE_PROFILES } from '../../../../test/support/wire-profiles.ts';
import type { Adjustment } from '../../../core/adjustments.ts';
import type { Conversation } from '../../../core/conversation.ts';
import { GatewayError } from '../../../core/errors.ts';
import { runAtOnce } from '../../../core/steps.ts';
import type { Passed, Scope } from './pass.ts';
import { normalize, PASSES } from './passes.ts';

const scopes: fc.Arbitrary<Scope> = fc.record({
  profile: fc.constantFrom(...WIRE_PROFILES),
  model: fc.constantFrom(OPUS, undefined),
  withoutReasoningHistory: fc.boolean(),
});

describe('the passes, one after another', () => {
  it('change nothing the second time, whatever the conversation', () => {
    fc.assert(
      fc.property(messyConversation, scopes, ({ conversation }, scope) => {
        let current = conversation;
        try {
          for (const pass of PASSES) {
            current = pass(current, scope).conversation;
            expect(pass(current, scope).conversation, pass.name).toEqual(current);
          }
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
        }
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it('do not mutate their input', () => {
    fc.assert(
      fc.property(messyConversation, scopes, ({ conversation }, scope) => {
        const before = structuredClone(conversation);
        try {
          runAtOnce(normalize(conversation, scope));
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error;
        }
        expect(conversation).toEqual(before);
      }),
      { seed: 42, numRuns: 200 },
    );
  });
});

describe('the choice of passes', () => {
  it('leaves out none that would change or note something', () => {
    const conversations = fc.oneof(messyConversation, plainConversation);
    fc.assert(
      fc.property(conversations, scopes, ({ conversation }, scope) => {
        expect(attempt(() => passed(runAtOnce(normalize(conversation, scope))))).toEqual(
          attempt(() => allPasses(conversation, scope)),
        );
      }),
      { seed: 42, numRuns: 3_000 },
    );
  });
});

function passed({ conversation, adjustments, toolNames }: Required<Passed>): Required<Passed> {
  return { conversation, adjustments, toolNames };
}

/** Without the choice. */
function allPasses(conversation: Conversation, scope: Scope): Required<Passed> {
  const adjustments: Adjustment[] = [];
  let current = conversation;
  let toolNames: ReadonlyMap<string, string> = new Map();
  for (const pass of PASSES) {
    const result = pass(current, scope);
    current = result.conversation;
    adjustments.push(...result.adjustments);
    toolNames = result.toolNames ?? toolNames;
  }
  return { conversation: current, adjustments, toolNames };
}

/** The result, or the message of a refusal. */
function attempt<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof GatewayError) return error.message;
    throw error;
  }
}
