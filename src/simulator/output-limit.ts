/** `max_tokens` in `additionalModelRequestFields`: cuts the reply there, even in the middle of a word. */
import type { JsonObject } from '../core/json.ts';
import { CHARS_PER_TOKEN } from './reply.ts';
import type { ReplyStep } from './script.ts';

/** Cuts text and reasoning. A tool call that begins within the limit is sent complete. */
export function limitOutput(steps: readonly ReplyStep[], fields: JsonObject | undefined): readonly ReplyStep[] {
  const maxTokens = fields?.max_tokens;
  if (typeof maxTokens !== 'number') return steps;
  let left = maxTokens * CHARS_PER_TOKEN;
  const kept: ReplyStep[] = [];
  for (const step of steps) {
    const text = textOf(step);
    if (text.length > left) return [...kept, cut(step, text.slice(0, left)), { stopReason: 'MAX_TOKENS' }];
    left -= text.length;
    kept.push(step);
  }
  return kept;
}

function textOf(step: ReplyStep): string {
  if (typeof step === 'string') return step;
  if ('text' in step) return step.text.join('');
  if ('reasoning' in step) return typeof step.reasoning === 'string' ? step.reasoning : step.reasoning.join('');
  return '';
}

function cut(step: ReplyStep, text: string): ReplyStep {
  return typeof step === 'object' && 'reasoning' in step ? { reasoning: text } : text;
}
