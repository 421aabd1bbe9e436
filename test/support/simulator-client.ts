/** A simulator for one test, and clients for it that share no code with dragoman: fetch, plain HTTP, Smithy's codec. */
import { request as httpRequest } from 'node:http';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { onTestFinished } from 'vitest';
import { DEFAULT_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import type { ReplyStep } from '../../src/simulator/script.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/server.ts';

/** The one this test opened last. */
export let simulator: Simulator;

/** Closed when the test ends. */
export async function open(options: SimulatorOptions = {}): Promise<void> {
  const opened = await startSimulator({ seed: 1, ...options });
  onTestFinished(() => opened.close());
  simulator = opened;
}

export const GENERATE = 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse';

export function chatBody(more: object = {}, content = 'hello'): object {
  return {
    conversationState: { chatTriggerType: 'MANUAL', currentMessage: { userInputMessage: { content } } },
    ...more,
  };
}

export const bearer = (token: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${token}`,
  ...more,
});
export const DEFAULT = bearer(DEFAULT_ACCOUNT.accessToken);

export function chat(headers: Record<string, string> = DEFAULT, body = chatBody()): Promise<Response> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  return fetch(`${simulator.url}/generateAssistantResponse`, init);
}

/** JSON 1.0. */
export function target(name: string, body: object, headers: Record<string, string> = DEFAULT): Promise<Response> {
  const json = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': name };
  return fetch(simulator.url, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

export interface Event {
  readonly kind: string;
  readonly name: string;
  readonly payload: Record<string, unknown>;
}

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** Decoded by Smithy's codec, which checks both checksums. */
export function decode(bytes: Buffer): Event[] {
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const { headers, body } = codec.decode(bytes.subarray(at, at + bytes.readUInt32BE(at)));
    const text = (name: string) => String(headers[name]?.value ?? '');
    const kind = text(':message-type');
    const name = text(':event-type') || text(':exception-type') || text(':error-code');
    events.push({ kind, name, payload: body.length > 0 ? JSON.parse(toUtf8(body)) : {} });
  }
  return events;
}

export async function eventsOf(response: Response): Promise<Event[]> {
  return decode(Buffer.from(await response.arrayBuffer()));
}

export async function play(steps: readonly ReplyStep[], closing = {}): Promise<Event[]> {
  simulator.clearReplies();
  simulator.addReplies({ steps, closing });
  return eventsOf(await chat());
}

/** The text received until the connection ended, and how it ended. */
export function readRaw(
  leaveAfterBytes = Number.POSITIVE_INFINITY,
): Promise<{ bytes: Buffer; ending: 'end' | 'broken' | 'left' }> {
  return new Promise((resolve) => {
    const options = { method: 'POST', headers: DEFAULT };
    const request = httpRequest(`${simulator.url}/generateAssistantResponse`, options, (response) => {
      const chunks: Buffer[] = [];
      const done = (ending: 'end' | 'broken' | 'left') => resolve({ bytes: Buffer.concat(chunks), ending });
      response
        .on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if (chunks.reduce((sum, { length }) => sum + length, 0) < leaveAfterBytes) return;
          request.destroy();
          done('left');
        })
        .on('end', () => done('end'))
        .on('error', () => done('broken'));
    });
    request.on('error', () => resolve({ bytes: Buffer.alloc(0), ending: 'broken' }));
    request.end(JSON.stringify(chatBody()));
  });
}

export const names = (events: readonly Event[]) => events.map(({ name }) => name);
