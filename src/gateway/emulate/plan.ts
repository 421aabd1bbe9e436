/** Which of a conversation's wishes dragoman fulfils itself because the upstream's wire cannot, each with its note. */
import { type Adjustment, adjustment } from '../../core/adjustments.ts';
import type { Conversation } from '../../core/conversation.ts';
import { MaxTokens } from './max-tokens.ts';
import { SingleToolUse } from './single-tool-use.ts';
import { StopSequences } from './stop-sequences.ts';
import type { ReplyTransform } from './transform.ts';

/**
 * Agents send limits of many thousand tokens as a matter of course, near to what the model can write at all: there an
 * estimate would only cut good replies. A small limit is meant: a title, a probe, a classification.
 */
export const MAX_TOKENS_EMULATED_UP_TO = 4096;

/** Every note made here, and what it means. */
export const EMULATION_RULES = {
  'json-not-enforced': 'JSON output was asked for; the service has no such setting, so the reply may be other text.',
  'json-schema-not-enforced': 'Output after a JSON schema was asked for; the service has no such setting.',
  'max-tokens-emulated': 'The reply is cut where our own token estimate reaches the limit; the service has no setting.',
  'max-tokens-not-enforced': 'A limit this large is left to the model: an estimate would only cut good replies.',
  'parallel-tool-use-emulated': 'Tool calls after the first of a reply are left out; the service has no such setting.',
  'stop-emulated': 'The reply is ended before the first stop sequence by dragoman; the service has no such setting.',
} as const satisfies Record<string, string>;

export interface EmulationPlan {
  readonly adjustments: readonly Adjustment[];
  /** Notes of the encoder which say that a wish is ignored, although it is fulfilled here. */
  readonly fulfilled: ReadonlySet<string>;
  /** New ones for each attempt. In the order in which events pass them. */
  createTransforms(): readonly ReplyTransform[];
}

export function planEmulation(conversation: Conversation): EmulationPlan {
  const { maxTokens, stopSequences, format } = conversation.output;
  const adjustments: Adjustment[] = [];
  const fulfilled = new Set<string>();
  const makers: (() => ReplyTransform)[] = [];
  const note = (rule: keyof typeof EMULATION_RULES, path: string, before?: string): void => {
    adjustments.push(adjustment(rule, path, before));
  };

  if (!conversation.parallelToolUse && conversation.tools.length > 0) {
    note('parallel-tool-use-emulated', 'parallel_tool_calls');
    fulfilled.add('parallel-tool-use-ignored');
    makers.push(() => new SingleToolUse());
  }
  if (maxTokens !== undefined && maxTokens > MAX_TOKENS_EMULATED_UP_TO) {
    note('max-tokens-not-enforced', 'max_tokens', String(maxTokens));
  } else if (maxTokens !== undefined) {
    note('max-tokens-emulated', 'max_tokens', String(maxTokens));
    makers.push(() => new MaxTokens(maxTokens));
  }
  if (stopSequences.length > 0) {
    note('stop-emulated', 'stop', String(stopSequences.length));
    makers.push(() => new StopSequences(stopSequences));
  }
  if (format.type !== 'text') note(`${format.type}-not-enforced`, 'response_format', format.type);
  return { adjustments, fulfilled, createTransforms: () => makers.map((make) => make()) };
}
