/** The client protocols. Adding one is adding its folder and a line here. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiCompletions, openaiFim } from './openai-completions/index.ts';

export { anthropicMessages, openaiChat };

export const PROTOCOLS = [openaiChat, openaiCompletions, openaiFim, anthropicMessages] as const;
