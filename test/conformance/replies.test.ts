/**
 * Every event script through every client protocol, streamed and not streamed, over real sockets: simulator → gateway →
 * official SDK. A client accumulates the same reply from a stream as it gets without, and both equal the script's.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../src/core/errors.ts';
import type { StopReason } from '../../src/core/reply.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import { scaled } from '../support/scale.ts';
import { EVENT_SCRIPTS, type EventScript, type ExpectedFailure, type ExpectedReply } from './event-scripts.ts';
import { createScriptedGateways, needsOf, repliesOf } from './scripted-gateways.ts';
import {
  isFailure,
  SDK_CLIENT_NAMES,
  type SdkClient,
  type SdkFailure,
  type SdkOutcome,
  type SdkReply,
  sdkClient,
} from './sdk-clients.ts';

const FINISH: Record<StopReason, { openai: string; anthropic: string; ai: string }> = {
  'end-turn': { openai: 'stop', anthropic: 'end_turn', ai: 'stop' },
  'tool-use': { openai: 'tool_calls', anthropic: 'tool_use', ai: 'tool-calls' },
  'max-tokens': { openai: 'length', anthropic: 'max_tokens', ai: 'length' },
  'stop-sequence': { openai: 'stop', anthropic: 'stop_sequence', ai: 'stop' },
  refusal: { openai: 'content_filter', anthropic: 'refusal', ai: 'content-filter' },
  'context-window': { openai: 'length', anthropic: 'model_context_window_exceeded', ai: 'length' },
};

const gateways = createScriptedGateways();
afterAll(() => gateways[Symbol.asyncDispose]());

/** A client shares nearly all of a reply's path with the others, so `npm test` runs every script with half of them. */
const CLIENTS_PER_SCRIPT = scaled({ usual: SDK_CLIENT_NAMES.length / 2, full: SDK_CLIENT_NAMES.length });

/** In turn, so that each client has as many scripts as the others. */
function clientsFor(script: EventScript): readonly string[] {
  const first = EVENT_SCRIPTS.indexOf(script) * CLIENTS_PER_SCRIPT;
  return SDK_CLIENT_NAMES.map((_, index) => SDK_CLIENT_NAMES[(first + index) % SDK_CLIENT_NAMES.length] ?? '').slice(
    0,
    CLIENTS_PER_SCRIPT,
  );
}

describe.each(EVENT_SCRIPTS)('$name', (script) => {
  it.each(clientsFor(script))('%s', async (name) => {
    const complete = await answerOf(script, name, (client) => client.complete());
    const streamed = await answerOf(script, name, (client) => client.streamed());
    const client = sdkClient(name, 'http://127.0.0.1', 'unused');
    if ('error' in script.expected) {
      expectFailure(client, script.expected, complete, false);
      expectFailure(client, script.expected, streamed, script.expected.visible !== undefined);
      return;
    }
    expectReply(client, script.expected, complete);
    expectReply(client, script.expected, streamed);
    expect(streamed).toEqual(complete);
  });
});

function answerOf(
  script: EventScript,
  name: string,
  ask: (client: SdkClient) => Promise<SdkOutcome>,
): Promise<SdkOutcome> {
  return gateways.use(repliesOf(script), needsOf(script), async (gateway) => {
    const client = sdkClient(name, gateway.url, gateway.apiKey);
    if (script.isLater) await client.complete();
    return await ask(client);
  });
}

function expectReply(client: SdkClient, expected: ExpectedReply, outcome: SdkOutcome): void {
  if (isFailure(outcome)) throw new Error(`failed with ${outcome.status}: ${outcome.message}`);
  const words = FINISH[expected.stop];
  const reply: Partial<SdkReply> = {
    text: (expected.text ?? '') + (showsRefusalAsText(client) ? (expected.refusal ?? '') : ''),
    reasoning: expected.reasoning ?? '',
    tools: expected.tools ?? [],
    finish: client.raw ? words[client.dialect] : words.ai,
    ...(client.raw ? { refusal: expected.refusal } : {}),
    ...(expected.inputTokens === undefined ? {} : { inputTokens: expected.inputTokens }),
    ...(expected.outputTokens === undefined ? {} : { outputTokens: expected.outputTokens }),
    ...(expected.cacheReadTokens === undefined || !client.raw ? {} : { cacheReadTokens: expected.cacheReadTokens }),
  };
  expect(outcome).toMatchObject(reply);
}

/** The AI SDK's providers for OpenAI's APIs. */
function showsRefusalAsText({ raw, dialect }: SdkClient): boolean {
  return !raw && dialect === 'openai';
}

function expectFailure(client: SdkClient, expected: ExpectedFailure, outcome: SdkOutcome, midStream: boolean): void {
  if (!isFailure(outcome)) throw new Error(`ended normally: ${JSON.stringify(outcome)}`);
  const failure: Partial<SdkFailure> = midStream
    ? { visible: expected.visible ?? '' }
    : { visible: '', status: statusOf(client, expected.error) };
  expect(outcome).toMatchObject(failure);
  expect(outcome.message).not.toBe('');
}

function statusOf(client: SdkClient, code: ErrorCode): number {
  const protocol = PROTOCOLS.find(({ id }) => id.startsWith(client.dialect));
  if (!protocol) throw new Error(`no protocol for ${client.dialect}`);
  return protocol.writeError(new GatewayError(code, 'x'), 'req_1').status;
}
