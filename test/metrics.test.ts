/** `/metrics` of a whole gateway: who may read it, what it counts, and what Prometheus says to it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { send } from './support/serving.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const ADMIN_TOKEN = 'admin-token-for-metrics';

async function serve(access = 'loopback'): Promise<TestGateway & { readonly port: number }> {
  const gateway = await startTestGateway({ env: { DRAGOMAN_METRICS: access, DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN } });
  onTestFinished(() => gateway.close());
  return { ...gateway, port: Number(new URL(gateway.url).port) };
}

async function read({ port }: { readonly port: number }, headers: Record<string, string> = {}) {
  const server = { port } as Parameters<typeof send>[0];
  return send(server, '/metrics', { headers });
}

async function chat({ url, apiKey }: TestGateway, body: object = {}): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'Hi' }], ...body }),
  });
  await response.text();
  return response.status;
}

describe('who may read the metrics', () => {
  const token = { authorization: `Bearer ${ADMIN_TOKEN}` };
  it.each([
    ['loopback', 'a program on this machine', {}, 200],
    ['loopback', 'a reverse proxy for another machine', { 'x-forwarded-for': '192.0.2.7' }, 401],
    ['loopback', 'that proxy with the admin token', { 'x-forwarded-for': '192.0.2.7', ...token }, 200],
    ['loopback', 'a page whose host name points at this machine', { host: 'pages.example.com' }, 401],
    ['token', 'a program on this machine', {}, 401],
    ['token', 'one with a wrong token', { authorization: 'Bearer wrong' }, 401],
    ['token', 'one with the admin token', token, 200],
    ['open', 'a reverse proxy for another machine', { 'x-forwarded-for': '192.0.2.7', host: 'gateway.example' }, 200],
  ])('%s: %s', async (access, _, headers, status) => {
    const gateway = await serve(access);
    const response = await read(gateway, headers);
    expect(response.status).toBe(status);
    expect(response.text.includes('dragoman_info')).toBe(status === 200);
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('says in the API reference that it may be refused', async () => {
    const { url } = await serve();
    const document = await (await fetch(`${url}/openapi.json`)).json();
    expect(document).toHaveProperty(['paths', '/metrics', 'get', 'responses', '4XX']);
  });

  it('off: no program', async () => {
    const gateway = await serve('off');
    expect(await chat(gateway)).toBe(200);
    expect((await read(gateway, token)).status).toBe(404);
  });
});

describe('the metrics of a gateway', () => {
  async function busyGateway() {
    const gateway = await serve();
    expect(await chat(gateway)).toBe(200);
    expect(await chat(gateway, { stream: true })).toBe(200);
    expect(await chat(gateway, { messages: 'wrong' })).toBe(400);
    let text = '';
    // A record is counted after the last byte of its answer.
    await vi.waitFor(async () => {
      text = (await read(gateway)).text;
      expect(text).toContain('outcome="refused"} 1');
    }, 10_000);
    return { gateway, text };
  }

  it('count its requests and are in the format of Prometheus', async () => {
    const { text } = await busyGateway();
    const lines = text.split('\n');
    const requests = /^dragoman_requests_total\{kind="reply",protocol="openai-chat",model="([^"]+)",outcome="ok"\} 2$/;
    expect(lines.filter((line) => requests.test(line))).toHaveLength(1);
    expect(
      lines.filter((line) => /^dragoman_attempts_total\{account="env-\w+",result="ok"\} 2$/.test(line)),
    ).toHaveLength(1);
    expect(lines.filter((line) => /^dragoman_tokens_total\{.*type="output"\} [1-9]/.test(line))).toHaveLength(1);
    expect(lines).toContain('dragoman_request_errors_total{protocol="openai-chat",code="invalid_request"} 1');
    expect(lines).toContain('dragoman_accounts{state="ready"} 1');
    for (const line of lines) expect(line).toMatch(/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="[^"]*",?)*\})? \S+|)$/);
  });

  it.skipIf(spawnSync('promtool', ['--version']).error)('pass the checks of promtool, if it is installed', async () => {
    const { text } = await busyGateway();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect([stdout, stderr, status]).toEqual(['', '', 0]);
  });
});
