/** Applies readings to a wire profile, so that passes, linter and writers need to know nothing but the profile. */
import type { RuleReadings } from '../../../core/learned-facts.ts';
import type { WireProfile } from '../profile-schema.ts';
import { isReading, isReadingRule, type ReadingOf, type ReadingRuleId } from './rules.ts';

type Change = (profile: WireProfile) => WireProfile;

const CHANGES: { readonly [R in ReadingRuleId]: Readonly<Record<ReadingOf<R>, Change>> } = {
  'additional-properties': {
    removed: (profile) => withKeywords(profile, ['additionalProperties'], []),
    kept: (profile) => withKeywords(profile, [], ['additionalProperties']),
  },
  'blank-tool-turn': {
    empty: (profile) => withMessages(profile, { emptyUserWithToolResults: '', emptyAssistantWithToolUses: '' }),
    sentence: (profile) =>
      withMessages(profile, {
        emptyUserWithToolResults: '(Tool results.)',
        emptyAssistantWithToolUses: '(Tool calls.)',
      }),
  },
  'blank-turn': {
    sentence: (profile) =>
      withMessages(profile, {
        emptyUser: profile.messages.emptyUser.trim() || '(This message has no text.)',
        emptyAssistant: profile.messages.emptyAssistant.trim() || '(No text.)',
      }),
    space: (profile) => withMessages(profile, { emptyUser: ' ', emptyAssistant: ' ' }),
  },
  'cache-points': {
    sent: (profile) => withAccepted(profile, { cachePoints: true }),
    'left-out': (profile) => withAccepted(profile, { cachePoints: false, cachePointsInTools: false }),
  },
  'context-window': {
    listed: (profile) => ({ ...profile, contextPercentage: 'of-window' }),
    unknown: (profile) => ({ ...profile, contextPercentage: 'unknown' }),
  },
  'empty-required': {
    dropped: (profile) => ({ ...profile, schemas: { ...profile.schemas, dropEmptyRequired: true } }),
    kept: (profile) => ({ ...profile, schemas: { ...profile.schemas, dropEmptyRequired: false } }),
  },
  environment: {
    sent: (profile) => withAccepted(profile, { environment: true }),
    'left-out': (profile) => withAccepted(profile, { environment: false }),
  },
  'history-start': {
    'user-first': (profile) => withAccepted(profile, { historyFromAssistant: false }),
    any: (profile) => withAccepted(profile, { historyFromAssistant: true }),
  },
  'reasoning-history': {
    sent: (profile) => withAccepted(profile, { reasoningHistory: true }),
    'left-out': (profile) => withAccepted(profile, { reasoningHistory: false }),
  },
  'schema-constraints': {
    removed: (profile) => withKeywords(profile, CONSTRAINTS, []),
    kept: (profile) => withKeywords(profile, [], CONSTRAINTS),
  },
  'task-fields': {
    sent: (profile) => withTaskFields(profile, true),
    'left-out': (profile) => withTaskFields(profile, false),
  },
  'token-type': {
    sent: (profile) => withTokenTypes(profile, true),
    'left-out': (profile) => withTokenTypes(profile, false),
  },
  'tool-description-length': {
    short: (profile) => withLimits(profile, { toolDescriptionChars: 9_216 }),
    long: (profile) => withLimits(profile, { toolDescriptionChars: 32_768 }),
  },
  'tool-name-start': {
    letter: (profile) => withLimits(profile, { toolNamePattern: /^[a-zA-Z][a-zA-Z0-9_-]*$/ }),
    any: (profile) => withLimits(profile, { toolNamePattern: /^[a-zA-Z0-9_-]+$/ }),
  },
};

/** Constraints on values: without them a schema still describes its structure. */
const CONSTRAINTS: readonly string[] = [
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'multipleOf',
];

/** The same object if no reading is known. Unknown ones are ignored: a newer version may have stored them. */
export function withReadings(profile: WireProfile, readings: RuleReadings): WireProfile {
  let changed = profile;
  for (const [id, reading] of Object.entries(readings)) {
    if (!isReadingRule(id) || !isReading(id, reading)) continue;
    const changes: Readonly<Record<string, Change | undefined>> = CHANGES[id];
    changed = changes[reading]?.(changed) ?? changed;
  }
  return changed;
}

function withAccepted(profile: WireProfile, accepts: Partial<WireProfile['accepts']>): WireProfile {
  return { ...profile, accepts: { ...profile.accepts, ...accepts } };
}

function withMessages(profile: WireProfile, messages: Partial<WireProfile['messages']>): WireProfile {
  return { ...profile, messages: { ...profile.messages, ...messages } };
}

function withLimits(profile: WireProfile, limits: Partial<WireProfile['limits']>): WireProfile {
  return { ...profile, limits: { ...profile.limits, ...limits } };
}

function withKeywords(profile: WireProfile, removed: readonly string[], kept: readonly string[]): WireProfile {
  const removedKeywords = new Set(profile.schemas.removedKeywords);
  for (const keyword of removed) removedKeywords.add(keyword);
  for (const keyword of kept) removedKeywords.delete(keyword);
  return { ...profile, schemas: { ...profile.schemas, removedKeywords } };
}

const TASK_FIELDS = ['agentContinuationId', 'agentTaskType'] as const;

/** KiroRuntimeService requires them, so there is nothing to choose. */
function withTaskFields(profile: WireProfile, areSent: boolean): WireProfile {
  if (profile.operations.GenerateAssistantResponse.target?.startsWith('KiroRuntimeService.')) return profile;
  const others = profile.body.conversationStateFields.filter((field) => !TASK_FIELDS.some((name) => name === field));
  const conversationStateFields = areSent ? [...others, ...TASK_FIELDS] : others;
  return { ...profile, body: { ...profile.body, conversationStateFields } };
}

const SIGN_IN_TOKEN = 'SSO_OIDC';

/** The destinations of requests are remembered by operation, so the operations are new objects too. */
function withTokenTypes(profile: WireProfile, areSent: boolean): WireProfile {
  const { tokenTypes, operations } = profile;
  const others = Object.entries(tokenTypes).filter(([, type]) => type !== SIGN_IN_TOKEN);
  const own = areSent ? { 'builder-id': SIGN_IN_TOKEN, idc: SIGN_IN_TOKEN, social: SIGN_IN_TOKEN } : {};
  return {
    ...profile,
    tokenTypes: { ...own, ...Object.fromEntries(others) },
    operations: structuredClone(operations),
  };
}
