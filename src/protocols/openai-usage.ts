/** `usage` as OpenAI's completion APIs tell it. Details are told only where they are known. */
import type { Usage } from '../core/usage.ts';

export function toWireUsage({ inputTokens, outputTokens, cacheReadTokens, reasoningTokens }: Usage): object {
  const prompt = Math.round(inputTokens.value);
  const completion = Math.round(outputTokens.value);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(cacheReadTokens && { prompt_tokens_details: { cached_tokens: Math.round(cacheReadTokens.value) } }),
    ...(reasoningTokens && { completion_tokens_details: { reasoning_tokens: Math.round(reasoningTokens.value) } }),
  };
}
