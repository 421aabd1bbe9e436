/** For tests of the CodeWhisperer upstream: a model with every feature, encoding contexts, and a pass's scope. */
import { expect } from 'vitest';
import type { Conversation } from '../../src/core/conversation.ts';
import { NOTHING_NAMED } from '../../src/core/model-name.ts';
import type { Model } from '../../src/core/models.ts';
import type { Pass, Passed, Scope } from '../../src/upstreams/codewhisperer/normalize/pass.ts';
import { wireProfile } from '../../src/upstreams/codewhisperer/profiles.ts';
import type { ConversationIds, Invocation, ResolvedModel } from '../../src/upstreams/upstream.ts';

/** Supports images, caching and structured reasoning. */
export const OPUS: Model = {
  id: 'claude-opus-4.8',
  name: 'Claude Opus 4.8',
  description: undefined,
  maxInputTokens: 1_000_000,
  maxOutputTokens: 128_000,
  takesImages: true,
  promptCaching: true,
  rateMultiplier: undefined,
  rateUnit: undefined,
  reasoningSchema: {
    type: 'object',
    properties: {
      output_config: { type: 'object', properties: { effort: { enum: ['low', 'medium', 'high', 'xhigh', 'max'] } } },
      thinking: { properties: { type: { enum: ['adaptive'] }, display: { enum: ['summarized', 'omitted'] } } },
    },
  },
};

/** The resolution of a listed model's id. */
export function listed(model: Model): ResolvedModel {
  return { match: 'listed', id: model.id, model, reasoning: NOTHING_NAMED, adjustments: [] };
}

export const INVOCATION: Invocation = { id: '7d7a3f0e-3c1b-4d0e-9a3f-3a2f3f1f9e10', attempt: 1 };

/** For the first turn of a main conversation. */
export function idsOf(id: string): ConversationIds {
  return { conversationId: id, rootConversationId: id, continuationId: id };
}

export function scope(change: Partial<Scope> = {}): Scope {
  return { profile: wireProfile('q-rest'), model: OPUS, withoutReasoningHistory: false, ...change };
}

/** Runs a pass and checks that it is idempotent. */
export function runPass(pass: Pass, conversation: Conversation, change: Partial<Scope> = {}): Passed {
  const passed = pass(conversation, scope(change));
  const again = pass(passed.conversation, scope(change));
  expect(again.conversation).toEqual(passed.conversation);
  return passed;
}

/** `rule path` of each note. */
export function notesOf({ adjustments }: Pick<Passed, 'adjustments'>): string[] {
  return adjustments.map(({ rule, path }) => `${rule} ${path}`);
}
