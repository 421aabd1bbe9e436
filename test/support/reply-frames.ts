/** The service's replies as frames, and decoded replies in a form that is easy to compare. */
import { expect } from 'vitest';
import type { GatewayError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json.ts';
import type { Model } from '../../src/core/models.ts';
import type { ReplyEnd, ReplyEvent } from '../../src/core/reply.ts';
import { estimated } from '../../src/core/usage.ts';
import { encodeFrame } from '../../src/simulator/encode-frame.ts';
import { createDecoder } from '../../src/upstreams/codewhisperer/decode.ts';
import type { DecodeContext } from '../../src/upstreams/codewhisperer/read-event.ts';
import { checkGrammar } from './grammar.ts';

const JSON_TYPE = { ':content-type': 'application/json' };

export function frame(kind: string, payload: JsonValue | string): Buffer {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return encodeFrame({ ':message-type': 'event', ':event-type': kind, ...JSON_TYPE }, Buffer.from(text));
}
export const text = (content: string) => frame('assistantResponseEvent', { content });
export const reasoning = (payload: JsonValue) => frame('reasoningContentEvent', payload);
export const tool = (payload: JsonValue) => frame('toolUseEvent', payload);
export const stopReason = (reason: string) => frame('metadataEvent', { stopReason: reason });
export const exception = (name: string, payload: JsonValue) =>
  encodeFrame(
    { ':message-type': 'exception', ':exception-type': name, ...JSON_TYPE },
    Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  );
export const errorFrame = (code: string, message: string) =>
  encodeFrame({ ':message-type': 'error', ':error-code': code, ':error-message': message }, Buffer.alloc(0));

export const id = 'tooluse_a';
export const completeCall = (input: string, toolUseId = id, name = 'read_file') => [
  tool({ name, toolUseId }),
  tool({ name, toolUseId, input }),
  tool({ name, toolUseId, stop: true }),
];

const MODEL: Model = {
  id: 'claude-sonnet-4.5',
  name: 'Claude Sonnet 4.5',
  description: undefined,
  maxInputTokens: 200_000,
  maxOutputTokens: undefined,
  takesImages: true,
  promptCaching: false,
  rateMultiplier: undefined,
  rateUnit: undefined,
  reasoningSchema: undefined,
};

const TOOLS = new Map<string, readonly string[]>([
  ['read_file', ['path']],
  ['list_files', []],
]);

export function context(more: Partial<DecodeContext> = {}): DecodeContext {
  return {
    model: MODEL,
    toolNames: new Map(),
    requiredArguments: TOOLS,
    inputTokens: estimated(42),
    thinkingTags: false,
    header: () => undefined,
    expectsClosingEvents: false,
    note: () => {},
    ...more,
  };
}

interface Options extends Partial<DecodeContext> {
  readonly cause?: unknown;
}

export function decode(chunks: readonly Uint8Array[], { cause, ...more }: Options = {}): ReplyEvent[] {
  const decoder = createDecoder(context(more));
  const events = [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end(cause)];
  expect(checkGrammar(events)).toBeUndefined();
  expect([...decoder.push(text('after the end')), ...decoder.end()]).toEqual([]);
  return events;
}

/** One line per event, without `reply-start`. */
export function outline(events: readonly ReplyEvent[]): string[] {
  return events.slice(1).map((event) => {
    switch (event.type) {
      case 'text-delta':
      case 'reasoning-delta':
        return `${event.type} ${event.text.plain}`;
      case 'tool-use-start':
        return `${event.type} ${event.toolUseId} ${event.name}`;
      case 'tool-use-delta':
        return `${event.type} ${event.json.plain}`;
      case 'reasoning-end':
        return `${event.type} ${event.signature ?? '-'}`;
      case 'redacted-reasoning':
        return `${event.type} ${event.data}`;
      case 'source':
        return `source ${event.source.type}`;
      case 'reply-end':
        return `reply-end ${event.stopReason}`;
      case 'reply-error':
        return `reply-error ${event.error.code}`;
      default:
        return event.type;
    }
  });
}

export function endOf(events: readonly ReplyEvent[]): ReplyEnd {
  const last = events.at(-1);
  if (last?.type !== 'reply-end') throw new Error(`ended with ${last?.type}`);
  return last;
}

export function errorOf(events: readonly ReplyEvent[]): GatewayError {
  const last = events.at(-1);
  if (last?.type !== 'reply-error') throw new Error(`ended with ${last?.type}`);
  return last.error;
}

export const textLines = (...words: string[]) => [
  'text-start',
  ...words.map((word) => `text-delta ${word}`),
  'text-end',
];
export const callLines = (input: string[], toolUseId = id, name = 'read_file') => [
  `tool-use-start ${toolUseId} ${name}`,
  ...input.map((json) => `tool-use-delta ${json}`),
  'tool-use-end',
];
export const reasoningLines = (signature: string, ...words: string[]) => [
  'reasoning-start',
  ...words.map((word) => `reasoning-delta ${word}`),
  `reasoning-end ${signature}`,
];
export const END = 'reply-end end-turn';
export const TOOL_END = 'reply-end tool-use';
export const input = '{"path":"a"}';
