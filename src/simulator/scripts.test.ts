import { describe, expect, it } from 'vitest';
import {
  chat,
  DEFAULT,
  decode,
  type Event,
  eventsOf,
  names,
  open,
  play,
  readRaw,
  simulator,
} from '../../test/support/simulator-client.ts';

describe('scripts', () => {
  it('match by model, text, number and results, up to their limit, before the built-in model replies', async () => {
    await open({
      script: {
        replies: [
          { when: { request: 2 }, steps: ['second'] },
          { when: { text: 'ping' }, times: 1, steps: ['pong'] },
          { when: { model: 'glm-5' }, steps: ['glm'] },
          { when: { toolResults: true }, steps: ['never'] },
          { when: { tools: true }, steps: ['never either'] },
          { when: { tools: false, text: 'no tools' }, steps: ['bare'] },
        ],
      },
    });
    const ask = async (content: string, modelId = 'auto') => {
      const state = { chatTriggerType: 'MANUAL', currentMessage: { userInputMessage: { content, modelId } } };
      const events = await eventsOf(await chat(DEFAULT, { conversationState: state }));
      return events.map(({ payload }) => payload.content ?? '').join('');
    };
    expect(await ask('ping')).toBe('pong');
    expect(await ask('ping')).toBe('second');
    expect(await ask('ping', 'glm-5')).toBe('glm');
    expect(await ask('no tools')).toBe('bare');
    expect(await ask('ping')).toContain('simulator');
  });

  it('return their error, with or without a name', async () => {
    await open();
    const refuse = {
      status: 429,
      name: 'ThrottlingException',
      message: 'High volume.',
      reason: 'INSUFFICIENT_MODEL_CAPACITY',
      retryAfterS: 7,
    };
    simulator.addReplies({ times: 1, refuse }, { times: 1, refuse: { status: 502, message: 'Bad Gateway' } });
    const named = await chat();
    expect([named.status, named.headers.get('retry-after')]).toEqual([429, '7']);
    const bare = await chat();
    expect([bare.status, bare.headers.get('x-amzn-errortype'), await bare.text()]).toEqual([502, null, 'Bad Gateway']);
  });

  it('send every kind of step in order', async () => {
    await open();
    const events = await play([
      { reasoning: ['Hm', '.'], signature: 'c2ln' },
      { redacted: 'b3BhcXVl' },
      { text: ['a', 'b'] },
      { tool: 'look', id: 't1', input: {}, unfinished: true },
      { tool: 'go', id: 't2' },
      { event: 'brandNewEvent', payload: [1] },
      { stopReason: 'MAX_TOKENS' },
      { tokenUsage: { totalTokens: 3 } },
      { contextPercentage: 50 },
      { credits: 2 },
    ]);
    expect(events.map(({ payload }) => payload)).toMatchObject([
      { utteranceId: expect.any(String) },
      { text: 'Hm' },
      // The seed determines whether the signature comes alone.
      ...(events[3]?.payload.text === undefined
        ? [{ text: '.' }, { signature: 'c2ln' }]
        : [{ text: '.', signature: 'c2ln' }]),
      { redactedContent: 'b3BhcXVl' },
      { content: 'a' },
      { content: 'b' },
      { toolUseId: 't1', name: 'look' },
      { input: '{}' },
      { toolUseId: 't2', name: 'go' },
      { toolUseId: 't2', stop: true },
      [1],
      { stopReason: 'MAX_TOKENS' },
      { tokenUsage: { totalTokens: 3 } },
      { contextUsagePercentage: 50 },
      { usage: 2, unit: 'credit', unitPlural: 'credits' },
    ]);
  });

  it('end with a matching stop reason and the requested figures', async () => {
    await open();
    const metadata = (events: readonly Event[]) => events.find(({ name }) => name === 'metadataEvent')?.payload;
    expect(metadata(await play(['Hi']))).toEqual({ stopReason: 'END_TURN' });
    expect(metadata(await play([{ tool: 'look' }]))).toEqual({ stopReason: 'TOOL_USE' });
    expect(metadata(await play(['Hi'], { tokenUsage: true, stopReason: false }))).toMatchObject({
      tokenUsage: { outputTokens: 1 },
    });
    const bare = await play(['Hi'], { contextUsage: false, stopReason: false, metering: false });
    expect(new Set(names(bare))).toEqual(new Set(['messageMetadataEvent', 'assistantResponseEvent']));
    expect(names(await play([{ tool: 'look', fragments: ['{"a'], unfinished: true }])).at(-1)).toBe('toolUseEvent');
  });

  it('send exceptions and errors first, or in the middle, and nothing after them', async () => {
    await open();
    const exception = { exception: 'ThrottlingException', payload: { message: 'slow' } } as const;
    expect(await play([exception])).toEqual([
      { kind: 'exception', name: 'ThrottlingException', payload: { message: 'slow' } },
    ]);
    expect((await play([{ text: ['Half'] }, exception])).map(({ kind }) => kind)).toEqual([
      'event',
      'event',
      'exception',
    ]);
    expect(await play([{ errorCode: 'Broken', errorMessage: 'x' }])).toEqual([
      { kind: 'error', name: 'Broken', payload: {} },
    ]);
  });

  it('send a frame whose checksum is wrong', async () => {
    await open();
    await expect(play([{ corrupt: true }])).rejects.toThrow(/checksum/i);
  });
});

describe('connection faults', () => {
  const half = { text: ['Half'] };

  it.each([
    ['reset', { cut: 'reset' }, 'broken'],
    ['ended', { cut: 'end' }, 'end'],
  ] as const)('%s after what was said', async (_, cut, ending) => {
    await open({ script: { replies: [{ steps: [half, cut, { text: ['never'] }] }] } });
    const got = await readRaw();
    expect(got.ending).toBe(ending);
    expect(decode(got.bytes).map(({ payload }) => payload.content)).toEqual([undefined, 'Half']);
    expect(simulator.requests[0]?.closedEarly).toBe(false);
  });

  it('send half a frame', async () => {
    await open({ script: { replies: [{ steps: [half, { cut: 'end', half: true }] }] } });
    const { bytes, ending } = await readRaw();
    const whole = bytes.readUInt32BE(0);
    const at = whole + bytes.readUInt32BE(whole);
    expect(ending).toBe('end');
    expect(bytes.length - at).toBeGreaterThan(12);
    expect(bytes.readUInt32BE(at)).toBeGreaterThan(bytes.length - at);
  });

  it('reset before the first byte', async () => {
    await open({ script: { replies: [{ steps: [{ cut: 'reset' }] }] } });
    expect(await readRaw()).toMatchObject({ bytes: Buffer.alloc(0), ending: 'broken' });
  });

  it('stall until the client disconnects, which is recorded', async () => {
    await open({ script: { replies: [{ steps: [half, { cut: 'stall' }] }] } });
    expect((await readRaw(150)).ending).toBe('left');
    const request = await simulator.waitForRequest(1);
    await request.finished;
    expect(request.closedEarly).toBe(true);
  });

  it('pause as scripted, and notice a client that disconnects meanwhile', async () => {
    await open({ script: { replies: [{ steps: [half, { gapMs: 1 }, half, { gapMs: 3_600_000 }] }] } });
    expect((await readRaw(150)).ending).toBe('left');
    const request = await simulator.waitForRequest(1);
    await request.finished;
    expect(request.closedEarly).toBe(true);
  });
});
