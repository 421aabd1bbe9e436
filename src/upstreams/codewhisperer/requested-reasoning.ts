/** The reasoning that a request asks for, combining its own options with its model's name. */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Reasoning } from '../../core/conversation.ts';
import { type NamedReasoning, withNamedReasoning } from '../../core/model-name.ts';
import { note } from './normalize/rules.ts';

export function requestedReasoning(
  requested: Reasoning,
  named: NamedReasoning,
): { readonly reasoning: Reasoning; readonly adjustments: readonly Adjustment[] } {
  if (named.thinking === undefined && named.effort === undefined && named.budgetTokens === undefined)
    return { reasoning: requested, adjustments: [] };
  const words = wordsOf(named);
  const reasoning = withNamedReasoning(requested, named);
  const rule = isGranted(reasoning, named) ? 'reasoning-named' : 'reasoning-named-overridden';
  return { reasoning, adjustments: [note(rule, 'model', words, effective(reasoning))] };
}

function wordsOf({ effort, thinking, budgetTokens }: NamedReasoning): string {
  const budget = budgetTokens === undefined ? undefined : `${budgetTokens} tokens`;
  const thinkingText = thinking === undefined ? undefined : `thinking ${thinking}`;
  return [effort, thinkingText, budget].filter((word) => word !== undefined).join(', ');
}

function isGranted(reasoning: Reasoning, { effort, thinking, budgetTokens }: NamedReasoning): boolean {
  if (thinking === 'off' || effort === 'none') return reasoning.mode === 'off';
  if (reasoning.mode !== 'on') return false;
  const isSame = effort === undefined || reasoning.effort === effort;
  return isSame && (budgetTokens === undefined || reasoning.budgetTokens === budgetTokens);
}

function effective(reasoning: Reasoning): string {
  if (reasoning.mode !== 'on') return reasoning.mode;
  const { effort, budgetTokens } = reasoning;
  return effort ?? (budgetTokens === undefined ? 'on' : `${budgetTokens} tokens`);
}
