import { request as httpRequest } from 'node:http';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { afterEach, describe, expect, it } from 'vitest';
import {
  API_KEY_ACCOUNT,
  DEFAULT_ACCOUNT,
  EXTERNAL_IDP_ACCOUNT,
  IAM_ACCOUNT,
  IDC_ACCOUNT,
} from './default-accounts.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from './index.ts';
import type { ReplyStep } from './script.ts';
import { signatureOf } from './sigv4.ts';

let simulator: Simulator;

async function open(options: SimulatorOptions = {}): Promise<void> {
  simulator = await startSimulator({ seed: 1, ...options });
}

afterEach(() => simulator.close());

const GENERATE = 'AmazonCodeWhispererStreamingService.GenerateAssistantResponse';

function chatBody(more: object = {}, content = 'hello'): object {
  return {
    conversationState: { chatTriggerType: 'MANUAL', currentMessage: { userInputMessage: { content } } },
    ...more,
  };
}

const bearer = (token: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${token}`, ...more });
const DEFAULT = bearer(DEFAULT_ACCOUNT.accessToken);

function chat(headers: Record<string, string> = DEFAULT, body = chatBody()): Promise<Response> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  return fetch(`${simulator.url}/generateAssistantResponse`, init);
}

/** JSON 1.0. */
function target(name: string, body: object, headers: Record<string, string> = DEFAULT): Promise<Response> {
  const json = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': name };
  return fetch(simulator.url, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

function sign(name: string, body: string, date: string): Record<string, string> {
  const scope = {
    date: date.slice(0, 8),
    region: 'us-east-1',
    service: 'q',
    signedHeaders: ['host', 'x-amz-date', 'x-amz-target'],
  };
  const headers = { host: `127.0.0.1:${simulator.port}`, 'x-amz-date': date, 'x-amz-target': name };
  const request = { method: 'POST', path: '/', query: new URLSearchParams(), headers, body: Buffer.from(body) };
  const signature = signatureOf(IAM_ACCOUNT.secretAccessKey, request, scope);
  const credential = `${IAM_ACCOUNT.accessToken}/${scope.date}/us-east-1/q/aws4_request`;
  const signed = scope.signedHeaders.join(';');
  return {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

interface Event {
  readonly kind: string;
  readonly name: string;
  readonly payload: Record<string, unknown>;
}

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** By Smithy's codec, which checks both checksums. */
function decode(bytes: Buffer): Event[] {
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

async function eventsOf(response: Response): Promise<Event[]> {
  return decode(Buffer.from(await response.arrayBuffer()));
}

async function play(steps: readonly ReplyStep[], closing = {}): Promise<Event[]> {
  simulator.clearReplies();
  simulator.addReplies({ steps, closing });
  return eventsOf(await chat());
}

/** What came until the connection ended, and how it ended. */
function readRaw(
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

const names = (events: readonly Event[]) => events.map(({ name }) => name);

describe('the flavours', () => {
  it('differ in where the conversation id stands', async () => {
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
      'contextUsageEvent',
      'metadataEvent',
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

  it('refuse what they do not know', async () => {
    await open();
    const unknown = await target('AmazonCodeWhispererService.MakeCoffee', {});
    expect([unknown.status, await unknown.json()]).toEqual([
      400,
      { __type: 'com.amazon.coral.service#UnknownOperationException' },
    ]);
    expect((await fetch(`${simulator.url}/nowhere`)).status).toBe(404);
  });
});

describe('authentication', () => {
  const INVALID = 'The bearer token included in the request is invalid.';

  it.each([
    ['no token', {}, {}, 403, INVALID],
    ['an unknown token', bearer('aoaNobody'), {}, 403, INVALID],
    [
      'an organisation’s token without its profile',
      bearer(IDC_ACCOUNT.accessToken),
      {},
      400,
      'profileArn is required for this request.',
    ],
    ['an organisation’s token', bearer(IDC_ACCOUNT.accessToken), { profileArn: IDC_ACCOUNT.profileArn }, 200, ''],
    [
      'another’s profile',
      bearer(IDC_ACCOUNT.accessToken),
      { profileArn: EXTERNAL_IDP_ACCOUNT.profileArn },
      403,
      INVALID,
    ],
    [
      'a Builder ID with the profile of the IDE',
      DEFAULT,
      { profileArn: 'arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX' },
      200,
      '',
    ],
    ['a Builder ID with another’s profile', DEFAULT, { profileArn: IDC_ACCOUNT.profileArn }, 403, INVALID],
    [
      'an external token without its header',
      bearer(EXTERNAL_IDP_ACCOUNT.accessToken),
      { profileArn: EXTERNAL_IDP_ACCOUNT.profileArn },
      403,
      'Invalid token',
    ],
    [
      'an external token',
      bearer(EXTERNAL_IDP_ACCOUNT.accessToken, { TokenType: 'EXTERNAL_IDP' }),
      { profileArn: EXTERNAL_IDP_ACCOUNT.profileArn },
      200,
      '',
    ],
    ['an API key without its header', bearer(API_KEY_ACCOUNT.accessToken), {}, 403, 'Invalid token'],
    ['an API key', bearer(API_KEY_ACCOUNT.accessToken, { tokentype: 'API_KEY' }), {}, 200, ''],
    [
      'a signature where a bearer token belongs',
      { authorization: 'AWS4-HMAC-SHA256 Credential=x' },
      {},
      400,
      'The provided credential is invalid.',
    ],
  ])('answers %s', async (_, headers, body, status, message) => {
    await open();
    const response = await chat(headers, chatBody(body));
    expect(response.status).toBe(status);
    if (message !== '') expect(await response.json()).toMatchObject({ message });
    else expect(names(await eventsOf(response))).toContain('assistantResponseEvent');
  });

  it('takes signed requests where IAM’s are due, and no others there', async () => {
    await open({ clock: () => Date.UTC(2026, 0, 15, 12) });
    const name = 'AmazonQDeveloperStreamingService.SendMessage';
    const refused = await target(name, chatBody());
    expect(await refused.json()).toMatchObject({ message: 'The provided credential is invalid.' });
    const send = async (signature: Record<string, string>) => target(name, chatBody(), signature);
    const signed = await send(sign(name, JSON.stringify(chatBody()), '20260115T120000Z'));
    expect(names(await eventsOf(signed))).toContain('assistantResponseEvent');
    const tampered = await send(sign(name, 'another body', '20260115T120000Z'));
    expect([tampered.status, await tampered.text()]).toEqual([
      403,
      expect.stringContaining('InvalidSignatureException'),
    ]);
    const late = await send(sign(name, JSON.stringify(chatBody()), '20260115T121000Z'));
    expect(await late.json()).toMatchObject({ message: 'Signature expired.' });
  });

  it('refuses a suspended account by name', async () => {
    await open();
    simulator.setAccount('default', { state: 'suspended' });
    const response = await chat();
    expect(response.status).toBe(403);
    expect(await response.text()).toMatch(
      /temporarily is suspended\. We've locked your account.*"reason":"TEMPORARILY_SUSPENDED"/,
    );
  });

  it('can demand a profile of everybody, as the newer hosts do', async () => {
    await open({ requireProfileArn: true });
    expect(await (await chat()).json()).toMatchObject({ message: 'profileArn is required for this request.' });
  });
});

describe('the plan', () => {
  const usage = async () =>
    (await fetch(`${simulator.url}/getUsageLimits?origin=CLI&isEmailRequired=true`, { headers: DEFAULT })).json();

  it('counts the credits which the answers said they cost, and ends at its limit', async () => {
    await open({ clock: () => Date.UTC(2026, 0, 20) });
    const first = await eventsOf(await chat());
    const cost = first.find(({ name }) => name === 'meteringEvent')?.payload.usage;
    expect(cost).toBeGreaterThan(0);
    expect(await usage()).toMatchObject({
      nextDateReset: Date.UTC(2026, 1, 1) / 1000,
      daysUntilReset: 12,
      usageBreakdownList: [{ resourceType: 'CREDIT', currentUsageWithPrecision: cost, usageLimit: 1000 }],
      userInfo: { email: 'dev@example.com' },
    });
    simulator.spendCredits('default', 1000);
    const refused = await chat();
    expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([402, 'ServiceQuotaExceededException']);
    expect(await refused.text()).toBe('{"message":"You have reached the limit.","reason":"MONTHLY_REQUEST_COUNT"}');
    expect(simulator.creditsOf('default').used).toBeGreaterThan(1000);
  });

  it('throttles whoever asks too often, and says for how long', async () => {
    let nowMs = 1_000_000;
    await open({ clock: () => nowMs });
    simulator.setAccount('default', { requestsPerMinute: 1 });
    expect((await chat()).status).toBe(200);
    nowMs += 20_000;
    const throttled = await chat();
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '40']);
    expect(await throttled.json()).toEqual({
      message: 'Too many requests, please wait before trying again.',
      reason: null,
    });
    nowMs += 40_000;
    expect((await chat()).status).toBe(200);
  });
});

describe('scripts', () => {
  it('choose by model, text, number and results, as often as they say, and then the model answers', async () => {
    await open({
      script: {
        replies: [
          { when: { request: 2 }, steps: ['second'] },
          { when: { text: 'ping' }, times: 1, steps: ['pong'] },
          { when: { model: 'glm-5' }, steps: ['glm'] },
          { when: { toolResults: true }, steps: ['never'] },
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
    expect(await ask('ping')).toContain('simulator');
  });

  it('refuse with what they say, or barely', async () => {
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

  it('send every kind of step in its place', async () => {
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
      // The seed decides whether the signature comes alone.
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

  it('end with a stop reason which fits, and with the figures they are asked for', async () => {
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

describe('faults of the connection', () => {
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

  it('leave half a frame', async () => {
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

  it('stall until the client goes, which is seen', async () => {
    await open({ script: { replies: [{ steps: [half, { cut: 'stall' }] }] } });
    expect((await readRaw(150)).ending).toBe('left');
    const request = await simulator.waitForRequest(1);
    await request.finished;
    expect(request.closedEarly).toBe(true);
  });

  it('pause where a script says, and notice a client that leaves meanwhile', async () => {
    await open({ script: { replies: [{ steps: [half, { gapMs: 1 }, half, { gapMs: 3_600_000 }] }] } });
    expect((await readRaw(150)).ending).toBe('left');
    const request = await simulator.waitForRequest(1);
    await request.finished;
    expect(request.closedEarly).toBe(true);
  });
});

describe('the seed', () => {
  const record = async (seed: number) => {
    await open({ seed });
    const bytes = [await readRaw(), await readRaw()].map((raw) => raw.bytes.toString('hex'));
    await simulator.close();
    return bytes;
  };

  it('decides everything that is random', async () => {
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

describe('the control plane', () => {
  it('lists models page by page, in both flavours and at the management paths', async () => {
    await open();
    const get = async (path: string) =>
      (await fetch(simulator.url + path, { headers: DEFAULT })).json() as Promise<Record<string, unknown>>;
    const all = await get('/ListAvailableModels?origin=CLI');
    expect(all).toMatchObject({ defaultModel: { modelId: 'auto' }, nextToken: null });
    expect(all.models).toContainEqual(expect.objectContaining({ modelId: 'claude-sonnet-4.5', rateMultiplier: 1.3 }));
    expect(await get('/List-Available-Models?origin=KIRO_CLI')).toEqual(all);
    expect(await (await target('AmazonCodeWhispererService.ListAvailableModels', { origin: 'CLI' })).json()).toEqual(
      all,
    );
    const first = await get('/ListAvailableModels?origin=CLI&maxResults=2');
    expect(first.models).toHaveLength(2);
    const second = await get(`/ListAvailableModels?origin=CLI&maxResults=2&nextToken=${first.nextToken}`);
    expect(second.models).not.toEqual(first.models);
    expect((await fetch(`${simulator.url}/ListAvailableModels`, { headers: DEFAULT })).status).toBe(400);
  });

  it('has profiles for organisations, and none for Builder IDs', async () => {
    await open();
    const list = (headers: Record<string, string>) =>
      fetch(`${simulator.url}/ListAvailableProfiles`, { method: 'POST', headers, body: '{}' });
    expect(await (await list(DEFAULT)).json()).toEqual({
      message: 'AWS Builder ID is not supported for this operation.',
      reason: null,
    });
    expect(await (await list(bearer(IDC_ACCOUNT.accessToken))).json()).toMatchObject({
      profiles: [{ arn: IDC_ACCOUNT.profileArn }],
    });
    expect(await (await list(bearer(EXTERNAL_IDP_ACCOUNT.accessToken))).json()).toEqual({
      profiles: [],
      nextToken: null,
    });
    const profile = await target(
      'AmazonCodeWhispererService.GetProfile',
      { profileArn: IDC_ACCOUNT.profileArn },
      bearer(IDC_ACCOUNT.accessToken),
    );
    expect(await profile.json()).toMatchObject({ profile: { status: 'ACTIVE' } });
  });

  it('completes code and takes telemetry', async () => {
    await open();
    const programmingLanguage = { languageName: 'javascript' };
    const context = {
      leftFileContent: 'function add(a, b) {\n  return ',
      rightFileContent: '\n}\n',
      filename: 'add.js',
      programmingLanguage,
    };
    const post = (path: string, body: object) =>
      fetch(simulator.url + path, { method: 'POST', headers: DEFAULT, body: JSON.stringify(body) });
    const completed = await post('/generatecompletions', { fileContext: context, maxResults: 1 });
    expect(completed.headers.get('x-amzn-sessionid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await completed.json()).toMatchObject({ completions: [{ content: 'a + b;' }], nextToken: '' });
    expect((await post('/generatecompletions', {})).status).toBe(400);
    expect(await (await post('/SendTelemetryEvent', { telemetryEvent: {} })).json()).toEqual({});
  });

  it('searches the web as its own tool, with results which depend on the query', async () => {
    await open();
    const rpc = async (method: string, params?: object) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 'x', method, params });
      return (await fetch(`${simulator.url}/mcp`, { method: 'POST', headers: DEFAULT, body })).json();
    };
    expect(await rpc('initialize')).toMatchObject({ id: 'x', result: { capabilities: { tools: {} } } });
    expect(await rpc('tools/list')).toMatchObject({ result: { tools: [{ name: 'web_search' }] } });
    const search = (query: string) => rpc('tools/call', { name: 'web_search', arguments: { query } });
    const found = (await search('smithy')) as { result: { content: [{ text: string }] } }; // asserted right below
    expect(JSON.parse(found.result.content[0].text)).toMatchObject({ query: 'smithy', totalResults: 3, error: null });
    expect(await search('smithy')).toEqual(found);
    expect(await search('else')).not.toEqual(found);
    expect(await rpc('tools/run')).toMatchObject({ error: { code: -32601 } });
  });
});

describe('what is recorded', () => {
  it('is what came in, what came of it, and why it was refused', async () => {
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

  it('is only the latest, when that was asked for', async () => {
    await open({ keepRequests: 2 });
    for (let number = 0; number < 3; number += 1) await (await fetch(`${simulator.url}/start`)).text();
    expect(simulator.requests.map(({ number }) => number)).toEqual([2, 3]);
  });
});
