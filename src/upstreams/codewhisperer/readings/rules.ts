/**
 * Questions about the service to which public sources give contradicting answers. Each answer is a reading of the rule;
 * docs/rules.md lists them. A wire profile (`readings`) or what an account has learnt selects one; without a selection
 * the members of the wire profile apply as they are.
 */
import type { RuleReadings } from '../../../core/learned-facts.ts';
import type { Evidence } from '../lint/wire-rule.ts';

interface Reading {
  /** What the service is taken to accept, in a sentence. */
  readonly meaning: string;
  readonly evidence: Evidence;
}

export interface ReadingRule {
  readonly question: string;
  /** Where requests show the difference, as a path in the upstream request. */
  readonly path: string;
  readonly readings: Readonly<Record<string, Reading>>;
  /** What the shipped wire profiles do; `profile`: they differ. */
  readonly usual: string;
  /** Accepted whichever reading is true, at the price of what it leaves out. */
  readonly safest: string;
  /** Month of the newest source. */
  readonly date: string;
}

export const READING_RULES = {
  'additional-properties': {
    question: 'Does a tool schema with `additionalProperties` pass?',
    path: '….toolSpecification.inputSchema.json',
    readings: {
      removed: { meaning: 'It is refused, so the keyword is left out.', evidence: 'community' },
      kept: { meaning: 'It passes, so it is sent as the client wrote it.', evidence: 'community' },
    },
    usual: 'removed',
    safest: 'removed',
    date: '2026-08',
  },
  'blank-tool-turn': {
    question: 'May the content of a message be empty beside tool uses or tool results?',
    path: 'conversationState.history[].….content',
    readings: {
      empty: { meaning: 'It may, and official clients send it so.', evidence: 'live' },
      sentence: { meaning: 'It may not, so a neutral sentence stands there.', evidence: 'community' },
    },
    usual: 'empty',
    safest: 'sentence',
    date: '2026-10',
  },
  'blank-turn': {
    question: 'May a message consist of white space?',
    path: 'conversationState.history[].….content',
    readings: {
      sentence: { meaning: 'It may not, so a neutral sentence stands there.', evidence: 'community' },
      space: { meaning: 'It may, so a message without text is one space.', evidence: 'community' },
    },
    usual: 'sentence',
    safest: 'sentence',
    date: '2026-10',
  },
  'cache-points': {
    question: 'Are cache points accepted in messages?',
    path: 'conversationState.history[].….cachePoint',
    readings: {
      sent: { meaning: 'They are, as the published model says.', evidence: 'official' },
      'left-out': { meaning: 'They are not, so they are left out.', evidence: 'reported' },
    },
    usual: 'profile',
    safest: 'left-out',
    date: '2026-08',
  },
  'context-window': {
    question: 'Is `contextUsagePercentage` a share of the window that the catalogue lists?',
    path: 'contextUsageEvent.contextUsagePercentage',
    readings: {
      listed: { meaning: 'It is, so input tokens are derived from it.', evidence: 'community' },
      unknown: { meaning: 'It is not, so input tokens are estimated from the text.', evidence: 'reported' },
    },
    usual: 'listed',
    safest: 'listed',
    date: '2026-10',
  },
  'empty-required': {
    question: 'Does a tool schema with an empty `required` pass?',
    path: '….toolSpecification.inputSchema.json',
    readings: {
      dropped: { meaning: 'It is refused, so it is left out.', evidence: 'community' },
      kept: { meaning: 'It passes, so it is sent.', evidence: 'community' },
    },
    usual: 'dropped',
    safest: 'dropped',
    date: '2026-08',
  },
  environment: {
    question: 'Are `envState` and `gitState` accepted?',
    path: 'conversationState.currentMessage.userInputMessage.userInputMessageContext',
    readings: {
      sent: { meaning: 'They are, as the published model says.', evidence: 'official' },
      'left-out': { meaning: 'They are not: newer clients do not send them.', evidence: 'live' },
    },
    usual: 'profile',
    safest: 'left-out',
    date: '2026-10',
  },
  'history-start': {
    question: 'May history begin with the assistant?',
    path: 'conversationState.history[0]',
    readings: {
      'user-first': { meaning: 'It may not, so a user message is put before it.', evidence: 'official' },
      any: { meaning: 'It may.', evidence: 'live' },
    },
    usual: 'profile',
    safest: 'user-first',
    date: '2026-10',
  },
  'reasoning-history': {
    question: 'Is reasoning of earlier turns accepted?',
    path: 'conversationState.history[].assistantResponseMessage.reasoningContent',
    readings: {
      sent: { meaning: 'It is, if its signature is unchanged.', evidence: 'official' },
      'left-out': { meaning: 'It is not, so it is left out.', evidence: 'reported' },
    },
    usual: 'profile',
    safest: 'left-out',
    date: '2026-10',
  },
  'schema-constraints': {
    question: 'Do tool schemas pass with constraints such as `pattern`, `format` and `minLength`?',
    path: '….toolSpecification.inputSchema.json',
    readings: {
      removed: { meaning: 'They are refused, so all of them are left out.', evidence: 'reported' },
      kept: { meaning: 'They pass, so they are sent.', evidence: 'community' },
    },
    usual: 'profile',
    safest: 'removed',
    date: '2026-08',
  },
  'task-fields': {
    question: 'Are `agentTaskType` and `agentContinuationId` accepted by services other than KiroRuntimeService?',
    path: 'conversationState',
    readings: {
      sent: { meaning: 'They are, as captures of the editor show.', evidence: 'live' },
      'left-out': { meaning: 'They are not, so they are left out.', evidence: 'reported' },
    },
    usual: 'profile',
    safest: 'left-out',
    date: '2026-10',
  },
  'token-type': {
    question: 'Is the header `tokentype: SSO_OIDC` accepted?',
    path: 'headers.tokentype',
    readings: {
      sent: { meaning: 'It is, as captures of the editor show.', evidence: 'live' },
      'left-out': { meaning: 'It is answered with 403, so it is left out.', evidence: 'community' },
    },
    usual: 'profile',
    safest: 'left-out',
    date: '2026-10',
  },
  'tool-description-length': {
    question: 'Does a tool description longer than about 10,000 characters pass?',
    path: '….toolSpecification.description',
    readings: {
      short: {
        meaning: 'It is refused, so what follows 9,216 characters is moved to the system text.',
        evidence: 'official',
      },
      long: { meaning: 'It passes up to 32,768 characters.', evidence: 'live' },
    },
    usual: 'short',
    safest: 'short',
    date: '2026-10',
  },
  'tool-name-start': {
    question: 'May a tool name begin with a digit, `_` or `-`?',
    path: '….toolSpecification.name',
    readings: {
      letter: { meaning: 'It must begin with a letter; others are sent under an alias.', evidence: 'official' },
      any: { meaning: 'It may begin with any character of a name.', evidence: 'official' },
    },
    usual: 'letter',
    safest: 'letter',
    date: '2026-10',
  },
} as const satisfies Record<string, ReadingRule>;

export type ReadingRuleId = keyof typeof READING_RULES;
/** Names of the readings of a rule. */
export type ReadingOf<R extends ReadingRuleId> = keyof (typeof READING_RULES)[R]['readings'] & string;

export function isReadingRule(id: string): id is ReadingRuleId {
  return Object.hasOwn(READING_RULES, id);
}

/** Whether the rule exists and has this reading. */
export function isReading(id: string, reading: string): boolean {
  return isReadingRule(id) && Object.hasOwn(READING_RULES[id].readings, reading);
}

/** The safest reading of every rule. */
export const SAFEST_READINGS: RuleReadings = Object.fromEntries(
  Object.entries(READING_RULES).map(([id, { safest }]) => [id, safest]),
);
