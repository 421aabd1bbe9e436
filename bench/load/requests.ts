/** The load generator's requests in each subject's protocol, all with the same small conversation. */
import { markOf, type Wanted } from '../upstream/replies.ts';

export type Dialect = 'event-stream' | 'openai-chat' | 'anthropic-messages';

export const API_KEY = 'bench-key-5f2c91d07a';

/** Replaced by the connection's number, so that each connection has its own conversation. */
const VARIANT = 'number 000000';

const SYSTEM = 'You are a careful assistant. Answer in plain words, keep to what you know, and say so when you do not.';
const QUESTION = `This is conversation ${VARIANT}. Which of the two files has the newer version?`;
const ANSWER = 'The second one: its header names a later date, and the first one refers to it.';

export interface RequestTarget {
  readonly dialect: Dialect;
  /** Undefined: the dialect's usual path. */
  readonly path?: string;
  /** A client key. Undefined: the one that the benchmark gives to dragoman. */
  readonly key?: string;
}

/** A complete HTTP/1.1 request, whose length does not depend on VARIANT's digits. */
export function requestText(target: RequestTarget, wanted: Wanted): string {
  const { dialect, path, key = API_KEY } = target;
  const last = `Then sum up what changed between them, please. ${markOf(wanted)}`;
  switch (dialect) {
    case 'event-stream':
      return post(path ?? '/generateAssistantResponse', [], {
        conversationState: {
          chatTriggerType: 'MANUAL',
          conversationId: '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a11',
          history: [
            { userInputMessage: { content: `${SYSTEM}\n\n${QUESTION}`, modelId: 'claude-sonnet-4.5', origin: 'CLI' } },
            { assistantResponseMessage: { content: ANSWER } },
          ],
          currentMessage: { userInputMessage: { content: last, modelId: 'claude-sonnet-4.5', origin: 'CLI' } },
        },
      });
    case 'openai-chat':
      return post(path ?? '/v1/chat/completions', [`authorization: Bearer ${key}`], {
        model: 'claude-sonnet-4.5',
        stream: true,
        stream_options: { include_usage: true },
        messages: [
          { role: 'system', content: SYSTEM },
          { role: 'user', content: QUESTION },
          { role: 'assistant', content: ANSWER },
          { role: 'user', content: last },
        ],
      });
    case 'anthropic-messages':
      return post(path ?? '/v1/messages', [`x-api-key: ${key}`, 'anthropic-version: 2023-06-01'], {
        model: 'claude-sonnet-4.5',
        max_tokens: 32_000,
        stream: true,
        system: SYSTEM,
        messages: [
          { role: 'user', content: QUESTION },
          { role: 'assistant', content: ANSWER },
          { role: 'user', content: last },
        ],
      });
  }
}

export function withVariant(request: string, number: number): string {
  return request.replace(VARIANT, `number ${String(number).padStart(6, '0')}`);
}

function post(path: string, headers: readonly string[], body: unknown): string {
  const text = JSON.stringify(body);
  return [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    ...headers,
    '',
    text,
  ].join('\r\n');
}
