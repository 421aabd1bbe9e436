import { describe, expect, it } from 'vitest';
import {
  chat,
  chatBody,
  DEFAULT,
  eventsOf,
  GENERATE,
  names,
  open,
  readRaw,
  simulator,
  target,
} from '../../test/support/simulator-client.ts';

describe('the two forms of requests', () => {
  it('differ in the place of the conversation id', async () => {
    await open({ script: { replies: [{ steps: [{ text: ['Hi'] }] }] } });
    const state = {
      chatTriggerType: 'MANUAL',
      conversationId: 'c-1',
      currentMessage: { userInputMessage: { content: 'x' } },
    };
    const rest = await chat(DEFAULT, { conversationState: state });
    expect(rest.headers.get('content-type')).toBe('application/vnd.amazon.eventstream');
    expect(rest.headers.get('x-amzn-codewhisperer-conversation-id')).toBe('c-1');
    expect(names(await eventsOf(rest))).toEqual([
      'messageMetadataEvent',
      'assistantResponseEvent',
      'metadataEvent',
      'contextUsageEvent',
      'meteringEvent',
    ]);
    const json = await target(GENERATE, { conversationState: state });
    expect(json.headers.get('x-amzn-codewhisperer-conversation-id')).toBeNull();
    const events = await eventsOf(json);
    expect(events[0]).toEqual({ kind: 'event', name: 'initial-response', payload: { conversationId: 'c-1' } });
    expect(names(events)[1]).toBe('messageMetadataEvent');
  });

  it('differ in how an error is named', async () => {
    await open();
    const broken = { conversationState: {} };
    const rest = await chat(DEFAULT, broken);
    expect([rest.status, rest.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationException']);
    expect(await rest.text()).toBe('{"message":"Improperly formed request.","reason":null}');
    const json = await target(GENERATE, broken);
    expect(json.headers.get('x-amzn-errortype')).toBeNull();
    expect(await json.text()).toMatch(/^\{"__type":"com\.amazon\.aws\.codewhisperer#ValidationException","message"/);
    expect(json.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reject unknown operations', async () => {
    await open();
    const unknown = await target('AmazonCodeWhispererService.MakeCoffee', {});
    expect([unknown.status, await unknown.json()]).toEqual([
      400,
      { __type: 'com.amazon.coral.service#UnknownOperationException' },
    ]);
    expect((await fetch(`${simulator.url}/nowhere`)).status).toBe(404);
  });
});

describe('the seed', () => {
  const record = async (seed: number) => {
    await open({ seed });
    const bytes = [await readRaw(), await readRaw()].map((raw) => raw.bytes.toString('hex'));
    await simulator.close();
    return bytes;
  };

  it('determines all random choices', async () => {
    const first = await record(1);
    expect(await record(1)).toEqual(first);
    expect(await record(2)).not.toEqual(first);
    expect(first[0]).not.toBe(first[1]);
  });

  it('cuts frames into several writes', async () => {
    await open({ script: { replies: [{ steps: [{ text: Array.from({ length: 300 }, () => 'words ') }] }] } });
    const chunks: number[] = [];
    const { body } = await chat();
    for await (const chunk of body ?? []) chunks.push(chunk.length);
    expect(chunks.length).toBeGreaterThan(3);
  });
});

describe('what is recorded', () => {
  it('includes the request, its result and the violated rule', async () => {
    await open();
    const waiting = simulator.waitForRequest(2);
    await fetch(`${simulator.url}/ListAvailableModels?origin=CLI`, { headers: DEFAULT });
    await chat(DEFAULT, chatBody({ systemPrompt: 'x' }));
    expect(await waiting).toMatchObject({
      number: 2,
      method: 'POST',
      path: '/generateAssistantResponse',
      operation: 'GenerateAssistantResponse',
      headers: { authorization: DEFAULT.authorization },
      body: { systemPrompt: 'x' },
      rawBody: JSON.stringify(chatBody({ systemPrompt: 'x' })),
      status: 400,
      closedEarly: false,
      refusedBy: { rule: 'body-unknown-member', detail: '$.systemPrompt' },
    });
    expect(simulator.requests[0]).toMatchObject({ query: { origin: 'CLI' }, status: 200, refusedBy: undefined });
    expect(simulator.chatRequests).toHaveLength(1);
  });

  it('is limited to the latest requests if configured', async () => {
    await open({ keepRequests: 2 });
    for (let number = 0; number < 3; number += 1) await (await fetch(`${simulator.url}/start`)).text();
    expect(simulator.requests.map(({ number }) => number)).toEqual([2, 3]);
  });
});
