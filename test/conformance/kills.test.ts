/**
 * Kills the upstream connection after every single event of one long reply, in every client protocol. The client gets an
 * error each time, and never a false ending.
 */
import { describe, expect, it } from 'vitest';
import type { ReplyStep } from '../../src/simulator/script.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { isFailure, sdkClients } from './sdk-clients.ts';

const event = (name: string, payload: Record<string, string | number | boolean>): ReplyStep => ({
  event: name,
  payload,
});
const toolUse = (payload: Record<string, string | boolean>) =>
  event('toolUseEvent', { toolUseId: 'tooluse_a', name: 'read_file', ...payload });

const REPLY: readonly ReplyStep[] = [
  event('messageMetadataEvent', { conversationId: 'c', utteranceId: 'u' }),
  ...['First ', 'I ', 'think.'].map((text) => event('reasoningContentEvent', { text })),
  event('reasoningContentEvent', { signature: 'c2ln' }),
  ...['Then ', 'I ', 'say ', 'it.'].map((content) => event('assistantResponseEvent', { content })),
  toolUse({}),
  toolUse({ input: '{"path":' }),
  toolUse({ input: '"notes.txt"}' }),
  toolUse({ stop: true }),
  event('assistantResponseEvent', { content: 'And more.' }),
  toolUse({ toolUseId: 'tooluse_b' }),
  toolUse({ toolUseId: 'tooluse_b', input: '{"path":"b"}' }),
  toolUse({ toolUseId: 'tooluse_b', stop: true }),
  event('contextUsageEvent', { contextUsagePercentage: 1.5 }),
  event('metadataEvent', { stopReason: 'TOOL_USE' }),
  event('meteringEvent', { usage: 0.01, unit: 'credit', unitPlural: 'credits' }),
];

describe('the upstream connection is killed', () => {
  it.each(Array.from({ length: REPLY.length + 1 }, (_, sent) => sent))('after %i events', async (sent) => {
    const cuts: ReplyStep[] = [{ cut: 'reset' }, { cut: 'end', half: true }];
    for (const cut of cuts) {
      await using gateway = await startTestGateway({
        script: { replies: [{ steps: [...REPLY.slice(0, sent), cut] }] },
      });
      for (const client of sdkClients(gateway.url, gateway.apiKey)) {
        for (const outcome of [await client.streamed(), await client.complete()]) {
          expect(isFailure(outcome), `${client.name}: ${JSON.stringify(outcome)}`).toBe(true);
        }
      }
    }
  });

  it('and the same reply ends normally if left alone', async () => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps: REPLY }] } });
    for (const client of sdkClients(gateway.url, gateway.apiKey)) {
      const outcome = await client.streamed();
      expect(outcome).toMatchObject({
        text: 'Then I say it.And more.',
        tools: [{ name: 'read_file' }, { name: 'read_file' }],
      });
      expect(await client.complete()).toEqual(outcome);
    }
  });
});
