import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPUS } from '../../../../test/support/codewhisperer.ts';
import { messyConversation } from '../../../../test/support/conversations.ts';
import { WIRE_PROFILES } from '../../../../test/support/wire-profiles.ts';
import { GatewayError } from '../../../core/errors.ts';
import { runAtOnce } from '../../../core/steps.ts';
import type { Scope } from './pass.ts';
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
