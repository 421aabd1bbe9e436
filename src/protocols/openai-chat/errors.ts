/** The message about an overlong conversation in Chat Completions; other errors are those of OpenAI's other APIs. */
import type { GatewayError } from '../../core/errors.ts';
import { type ErrorBody, errorWords } from '../openai-errors.ts';

const words = errorWords({
  param: 'messages',
  message: (tokens) => {
    const maximum = tokens?.maximum ?? SMALLEST_WINDOW;
    const actual = tokens ? String(tokens.actual) : `at least ${SMALLEST_WINDOW + 1}`;
    return `This model's maximum context length is ${maximum} tokens. However, your messages resulted in ${actual} tokens. Please reduce the length of the messages. ${OF_RESPONSES}`;
  },
});

/** The vendor's sentence in its Responses API. Copilot CLI 1.0.102 compacts only on it, in this API too. */
const OF_RESPONSES = 'Your input exceeds the context window of this model.';

export const { writeError } = words;
export const toErrorBody: (error: GatewayError) => ErrorBody = words.toErrorBody;

/**
 * In tokens: the smallest context window of all models, used if the service reports no figures, because agents parse a
 * number.
 */
const SMALLEST_WINDOW = 200_000;
