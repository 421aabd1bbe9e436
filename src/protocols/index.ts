/** The client protocols. To add one, add its folder and a line here. */
import { anthropicMessages } from './anthropic-messages/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiCompletions } from './openai-completions/index.ts';
import { openaiResponses } from './openai-responses/index.ts';
import type { ClientProtocol } from './protocol.ts';

export { anthropicMessages, openaiChat, openaiCompletions, openaiResponses };

/** The first one writes the errors of requests that say nothing about their API. */
export const PROTOCOLS: readonly ClientProtocol[] = [openaiChat, openaiCompletions, openaiResponses, anthropicMessages];
