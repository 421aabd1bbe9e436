/** An overlong conversation in the words of Chat Completions; everything else as OpenAI's other APIs say it. */
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

/** The vendor's sentence in its Responses API. Copilot CLI compacts on these words alone, in this API too (1.0.102). */
const OF_RESPONSES = 'Your input exceeds the context window of this model.';

export const { writeError } = words;
export const toErrorBody: (error: GatewayError) => ErrorBody = words.toErrorBody;

/** In tokens, of all models in use. Said only when the service named no figures: agents look for a number there. */
const SMALLEST_WINDOW = 200_000;
