/** The client protocols. Adding one is adding its folder and a line here. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiCompletions, openaiFim } from './openai-completions/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

export { anthropicMessages, openaiChat, openaiCompletions, openaiFim, openaiResponses };

/** Those whose requests say all there is to say. Responses name what went before, and have routes of their own. */
export const PROTOCOLS = [openaiChat, openaiCompletions, openaiFim, anthropicMessages] as const;
