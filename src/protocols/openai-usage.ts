/**
 * What OpenAI's completion APIs report besides the text.
 * Source: https://platform.openai.com/docs/api-reference/chat/object
 */
import type { Figure, Usage } from '../core/usage.ts';

/** The service's only tier. */
export const SERVICE_TIER = 'default';

/** The details are always present. 0 is their documented default and also stands for unknown. */
export function toWireUsage({
  inputTokens,
  outputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  reasoningTokens,
}: Usage): object {
  const prompt = Math.round(inputTokens.value);
  const completion = Math.round(outputTokens.value);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: toCount(cacheReadTokens),
      cache_write_tokens: toCount(cacheWriteTokens),
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: toCount(reasoningTokens),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function toCount(figure: Figure | undefined): number {
  return Math.round(figure?.value ?? 0);
}
