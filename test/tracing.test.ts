/** The traces of a whole gateway, as a collector receives them. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Log } from '../src/core/log.ts';
import { SILENT } from '../src/core/log.ts';
import type { SimulatorOptions } from '../src/simulator/server.ts';
import { type ReceivedSpan, startOtlpReceiver } from './support/otlp-receiver.ts';
import { startTestGateway } from './support/test-gateway.ts';

const SAID = 'MARKED-WORDS-OF-THE-USER';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';

async function traced(options: SimulatorOptions & { env?: Record<string, string>; log?: Log } = {}) {
  const receiver = await startOtlpReceiver();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...options.env };
  const gateway = await startTestGateway({ ...options, env });
  onTestFinished(() => gateway.close());
  const chat = async (headers: Record<string, string> = {}, body: object = {}) => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: SAID }], ...body }),
    });
    return { status: response.status, text: await response.text(), requestId: response.headers.get('x-request-id') };
  };
  /** The spans, once the gateway has stopped and with that exported what was waiting. */
  const spans = async () => {
    await gateway.close();
    return receiver.spans;
  };
  return { receiver, gateway, chat, spans };
}

function only(spans: readonly ReceivedSpan[], kind: number): ReceivedSpan {
  const [span, ...more] = spans.filter((one) => one.kind === kind);
  expect([span !== undefined, more.length]).toEqual([true, 0]);
  return span as ReceivedSpan;
}

const SERVER = 2;
const CLIENT = 3;

describe('traces', () => {
  it('have a span for the request and one for its attempt, with their usage', async () => {
    const { chat, spans, gateway } = await traced();
    const { requestId } = await chat({ 'user-agent': 'tests/1' }, { stream: true });
    const all = await spans();
    const request = only(all, SERVER);
    expect(request).toMatchObject({ name: 'POST /v1/chat/completions', parentId: '', isError: false });
    expect(request.resource).toMatchObject({ 'service.name': 'dragoman', 'service.version': expect.any(String) });
    expect(request.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'http.response.status_code': 200,
      'user_agent.original': 'tests/1',
      'dragoman.request_id': requestId,
      'dragoman.outcome': 'ok',
    });
    const attempt = only(all, CLIENT);
    const { startMs, endMs, traceId, spanId } = request;
    expect(attempt).toMatchObject({ parentId: spanId, traceId, name: 'chat claude-sonnet-4.5', isError: false });
    expect(attempt.startMs).toBeGreaterThanOrEqual(startMs);
    expect(attempt.endMs).toBeLessThanOrEqual(endMs);
    expect(attempt.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'aws.codewhisperer',
      'gen_ai.request.model': 'claude-sonnet-4.5',
      'gen_ai.request.stream': true,
      'gen_ai.response.model': 'claude-sonnet-4.5',
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'gen_ai.response.time_to_first_chunk': expect.any(Number),
      'dragoman.account.id': expect.any(String),
    });
    expect(gateway.simulator.requests.length).toBeGreaterThan(0);
  });

  it('show each attempt of a request that needs several, the failed ones with their codes', async () => {
    const { chat, spans } = await traced({
      script: {
        replies: [{ times: 1, refuse: { status: 500, name: 'InternalServerException' } }, { steps: ['Hello.'] }],
      },
    });
    expect((await chat()).status).toBe(200);
    const attempts = (await spans()).filter(({ kind }) => kind === CLIENT);
    expect(attempts.map(({ isError, attributes }) => [isError, attributes['error.type'] !== undefined])).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(attempts.map(({ attributes }) => 'gen_ai.usage.output_tokens' in attributes)).toEqual([false, true]);
  });

  it('mark a refused request with its code, not as an error of the gateway', async () => {
    const { chat, spans } = await traced();
    expect((await chat({}, { messages: 'none' })).status).toBe(400);
    expect(only(await spans(), SERVER)).toMatchObject({
      isError: false,
      attributes: { 'error.type': 'invalid_request', 'http.response.status_code': 400, 'dragoman.outcome': 'refused' },
    });
  });

  it('continue the trace of a client, which the service never sees', async () => {
    const { chat, spans, gateway } = await traced();
    await chat({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-01`, tracestate: 'vendor=value' });
    expect(only(await spans(), SERVER)).toMatchObject({ traceId: TRACE_ID, parentId: PARENT_ID });
    for (const { headers } of gateway.simulator.requests) expect(JSON.stringify(headers)).not.toContain(TRACE_ID);
  });

  it('of a client get a span for the request, and below it one for each attempt', async () => {
    const { chat, spans } = await traced({
      script: {
        replies: [{ times: 1, refuse: { status: 500, name: 'InternalServerException' } }, { steps: ['Hello.'] }],
      },
    });
    await chat({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` }, { stream: true });
    const all = await spans();
    const request = only(all, SERVER);
    const attempts = all.filter(({ kind }) => kind === CLIENT).sort((a, b) => a.startMs - b.startMs);
    expect(request).toMatchObject({ traceId: TRACE_ID, parentId: PARENT_ID });
    expect(attempts.map(({ traceId, parentId, isError }) => ({ traceId, parentId, isError }))).toEqual([
      { traceId: TRACE_ID, parentId: request.spanId, isError: true },
      { traceId: TRACE_ID, parentId: request.spanId, isError: false },
    ]);
    for (const { attributes } of attempts)
      expect(attributes).toMatchObject({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'aws.codewhisperer',
        'gen_ai.request.model': 'claude-sonnet-4.5',
      });
    expect(attempts[1]?.attributes).toMatchObject({ 'gen_ai.usage.output_tokens': expect.any(Number) });
    expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(3);
  });

  it.each([
    ['incomplete', `00-${TRACE_ID}-${PARENT_ID}`],
    ['malformed', '00-0-0-01'],
    ['too long', 'x'.repeat(5_000)],
  ])('begin a new trace if the header is %s', async (_, traceparent) => {
    const { chat, spans } = await traced();
    expect((await chat({ traceparent })).status).toBe(200);
    expect(only(await spans(), SERVER)).toMatchObject({
      parentId: '',
      traceId: expect.not.stringContaining(TRACE_ID),
    });
  });

  it('are not exported if the client does not record its own', async () => {
    const { chat, spans } = await traced();
    await chat({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` });
    await chat();
    expect((await spans()).filter(({ kind }) => kind === SERVER)).toHaveLength(1);
  });

  it('are not exported for the share that the settings leave out, nor for probes', async () => {
    const { chat, spans, gateway } = await traced({ env: { DRAGOMAN_TRACE_PERCENT: '0' } });
    await chat();
    await chat({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` });
    await fetch(`${gateway.url}/health`, { headers: { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` } });
    expect(only(await spans(), SERVER)).toMatchObject({ traceId: TRACE_ID, name: 'POST /v1/chat/completions' });
  });

  it('carry the headers of the settings, and no key, prompt or answer', async () => {
    const { chat, spans, receiver, gateway } = await traced({
      env: { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector-key,x-team=one', OTEL_SERVICE_NAME: 'mine' },
    });
    const { text } = await chat();
    await chat({ authorization: 'Bearer MARKED-WRONG-KEY' });
    const answer: string = JSON.parse(text).choices[0].message.content;
    const [first] = await spans();
    expect(first?.resource['service.name']).toBe('mine');
    expect(receiver.headers[0]).toMatchObject({ authorization: 'Bearer collector-key', 'x-team': 'one' });
    const exported = Buffer.concat(receiver.bodies).toString('latin1');
    expect(exported.length).toBeGreaterThan(500);
    for (const secret of [SAID, answer, gateway.apiKey, 'MARKED', 'aoaSimulat', 'aorSimulat'])
      expect(exported.includes(secret)).toBe(false);
  });

  it('do not disturb requests while the collector fails; one log line says so', async () => {
    const warnings: string[] = [];
    const log: Log = { ...SILENT, warn: (_fields, message) => void warnings.push(message) };
    const { chat, spans, receiver } = await traced({ log });
    receiver.status = 400;
    for (let request = 0; request < 3; request++) expect((await chat()).status).toBe(200);
    await spans();
    expect(warnings.filter((message) => message === 'could not export traces')).toHaveLength(1);
  });
});
