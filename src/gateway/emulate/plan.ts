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

export interface EmulationPlan {
  readonly adjustments: readonly Adjustment[];
  /** New ones for each attempt. In the order in which events pass them. */
  createTransforms(): readonly ReplyTransform[];
}

export function planEmulation(conversation: Conversation): EmulationPlan {
  const { maxTokens, stopSequences, format } = conversation.output;
  const adjustments: Adjustment[] = [];
  const makers: (() => ReplyTransform)[] = [];

  if (!conversation.parallelToolUse && conversation.tools.length > 0) {
    adjustments.push(adjustment('parallel-tool-use-emulated', 'parallel_tool_calls'));
    makers.push(() => new SingleToolUse());
  }
  if (maxTokens !== undefined) {
    const emulated = maxTokens <= MAX_TOKENS_EMULATED_UP_TO;
    const rule = emulated ? 'max-tokens-emulated' : 'max-tokens-not-enforced';
    adjustments.push(adjustment(rule, 'max_tokens', String(maxTokens)));
    if (emulated) makers.push(() => new MaxTokens(maxTokens));
  }
  if (stopSequences.length > 0) {
    adjustments.push(adjustment('stop-emulated', 'stop', String(stopSequences.length)));
    makers.push(() => new StopSequences(stopSequences));
  }
  if (format.type !== 'text') {
    adjustments.push(adjustment(`${format.type}-not-enforced`, 'response_format', format.type));
  }
  const choice = conversation.toolChoice;
  if (choice.type === 'required' || choice.type === 'tool') {
    adjustments.push(adjustment('tool-choice-not-enforced', 'tool_choice', choice.type));
  }
  return { adjustments, createTransforms: () => makers.map((make) => make()) };
}
