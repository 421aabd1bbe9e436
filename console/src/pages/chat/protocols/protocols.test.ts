import { describe, expect, it } from 'vitest';
import { extend, type Message, type Part } from '../conversation.ts';
import { chatCompletions } from './chat-completions.ts';
import { messages } from './messages.ts';
import { responses } from './responses.ts';

const OPTIONS = { model: 'auto', effort: 'high', withTool: true };
const CONVERSATION: readonly Message[] = [
  {
    role: 'user',
    parts: [
      { type: 'text', text: 'What time is it?' },
      { type: 'image', name: 'a.png', mediaType: 'image/png', base64: 'AAAA' },
    ],
  },
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'hm' },
      { type: 'tool-call', id: 'c1', name: 'current_time', json: '{"timeZone":"UTC"}' },
    ],
  },
  { role: 'tool', callId: 'c1', output: 'noon' },
];

/** The parts of an answer with these events. */
const answer = (read: typeof messages.read, events: readonly unknown[]) =>
  events.flatMap((event) => read(event)).reduce<readonly Part[]>(extend, []);

const ANSWER = [
  { type: 'reasoning', text: 'hm' },
  { type: 'text', text: 'It is noon' },
  { type: 'tool-call', id: 'c2', name: 'current_time', json: '{"a":1}' },
];

describe('Chat Completions', () => {
  it('sends text, images, tools, calls and results', () => {
    const { path, body } = chatCompletions.request(CONVERSATION, OPTIONS);
    expect(path).toBe('/v1/chat/completions');
    expect(body).toMatchObject({
      reasoning_effort: 'high',
      tools: [{ function: { name: 'current_time' } }],
      messages: [
        { content: [{ text: 'What time is it?' }, { image_url: { url: 'data:image/png;base64,AAAA' } }] },
        { content: null, tool_calls: [{ id: 'c1', function: { arguments: '{"timeZone":"UTC"}' } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'noon' },
      ],
    });
  });

  it('reads reasoning, text, calls, usage and errors', () => {
    const delta = (value: object) => ({ choices: [{ delta: value }] });
    expect(
      answer(chatCompletions.read, [
        delta({ reasoning_content: 'hm' }),
        delta({ content: 'It is ' }),
        delta({ content: 'noon' }),
        delta({ tool_calls: [{ index: 0, id: 'c2', function: { name: 'current_time', arguments: '{"a"' } }] }),
        delta({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
      ]),
    ).toEqual(ANSWER);
    expect(chatCompletions.read({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 2 } })).toEqual([
      { type: 'usage', usage: { inputTokens: 4, outputTokens: 2 } },
    ]);
    expect(chatCompletions.read({ error: { message: 'no' } })).toEqual([{ type: 'error', message: 'no' }]);
  });
});

describe('Responses', () => {
  it('sends text, images, tools, calls and results', () => {
    const { body } = responses.request(CONVERSATION, OPTIONS);
    expect(body).toMatchObject({
      reasoning: { effort: 'high' },
      input: [
        { role: 'user', content: [{ type: 'input_text' }, { type: 'input_image' }] },
        { type: 'function_call', call_id: 'c1' },
        { type: 'function_call_output', call_id: 'c1', output: 'noon' },
      ],
    });
  });

  it('reads reasoning, text, calls, usage and errors', () => {
    expect(
      answer(responses.read, [
        { type: 'response.reasoning_summary_text.delta', delta: 'hm' },
        { type: 'response.output_text.delta', delta: 'It is noon' },
        { type: 'response.output_item.added', item: { type: 'function_call', call_id: 'c2', name: 'current_time' } },
        { type: 'response.function_call_arguments.delta', delta: '{"a":1}' },
      ]),
    ).toEqual(ANSWER);
    expect(responses.read({ type: 'response.failed', response: { error: { message: 'no' } } })).toEqual([
      { type: 'error', message: 'no' },
    ]);
  });
});

describe('Messages', () => {
  it('sends text, images, tools, calls and results', () => {
    const { body, headers } = messages.request(CONVERSATION, OPTIONS);
    expect(headers).toHaveProperty('anthropic-version');
    expect(body).toMatchObject({
      output_config: { effort: 'high' },
      messages: [
        { role: 'user', content: [{ type: 'text' }, { type: 'image', source: { data: 'AAAA' } }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', input: { timeZone: 'UTC' } }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'noon' }] },
      ],
    });
  });

  it('reads reasoning, text, calls, usage and errors', () => {
    const delta = (value: object) => ({ type: 'content_block_delta', delta: value });
    expect(
      answer(messages.read, [
        delta({ type: 'thinking_delta', thinking: 'hm' }),
        delta({ type: 'text_delta', text: 'It is noon' }),
        { type: 'content_block_start', content_block: { type: 'tool_use', id: 'c2', name: 'current_time' } },
        delta({ type: 'input_json_delta', partial_json: '{"a":1}' }),
      ]),
    ).toEqual(ANSWER);
    expect(messages.read({ type: 'error', error: { message: 'no' } })).toEqual([{ type: 'error', message: 'no' }]);
  });
});
