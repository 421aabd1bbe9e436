/**
 * The message about an overlong prompt in the legacy Completions API; other errors are those of OpenAI's other APIs.
 */
import type { GatewayError } from '../../core/errors.ts';
import { type ErrorBody, errorWords } from '../openai-errors.ts';

const words = errorWords({
  param: 'prompt',
  message: (tokens) =>
    tokens
      ? `This model's maximum context length is ${tokens.maximum} tokens, however you requested ${tokens.actual} tokens. Please reduce your prompt.`
      : "The prompt is longer than this model's maximum context length. Please reduce your prompt.",
});

export const { writeError } = words;
export const toErrorBody: (error: GatewayError) => ErrorBody = words.toErrorBody;
