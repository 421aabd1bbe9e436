/** How replies end, through the whole program: what is learned per account, and what clients and the log receive. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Log, SILENT } from '../src/core/log.ts';
import type { ReplyStep, ScriptedReply } from '../src/simulator/script.ts';
import type { Simulator } from '../src/simulator/server.ts';
import { createSimulator } from './support/simulator.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const QUESTION = { model: 'claude-sonnet-4.5', max_tokens: 9_000, messages: [{ role: 'user' as const, content: 'x' }] };
const CUT: ScriptedReply = { steps: ['The first step is to open the'], closing: [] };

async function askFor({ url, apiKey }: { url: string; apiKey: string }, stream = false) {
  const client = new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
  if (stream) return { message: await client.messages.stream(QUESTION).finalMessage(), notes: '' };
  const { data, response } = await client.messages.create(QUESTION).withResponse();
  return { message: data, notes: response.headers.get('x-dragoman-adjustments') ?? '' };
}

/** All log lines as JSON texts. */
function logged(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }));
  return { log: { ...SILENT, info: write, warn: write }, lines };
}

describe('text that ends without closing events', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'dragoman-endings-'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  /** A gateway in front of this simulator, on the database of the earlier ones. */
  function serve(simulator: Simulator, more: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
    const env = {
      DRAGOMAN_DATABASE_URL: `sqlite:${join(home, 'dragoman.db')}`,
      DRAGOMAN_SECRET_KEY: 'a key for tests, long enough to be taken',
      ...more,
    };
    return startTestGateway({ simulator, env });
  }

  it('is complete until the account has sent such events, and cut off from then on, even after a restart', async () => {
    const replies = [{ ...CUT, times: 2 }, { steps: ['Done.'], times: 1 }, CUT];
    const simulator = await createSimulator({ script: { replies } });
    {
      await using gateway = await serve(simulator);
      const first = await askFor(gateway);
      expect(first.message.stop_reason).toBe('end_turn');
      expect(first.notes).not.toContain('reply-cut-off');
      expect(await askFor(gateway, true)).toMatchObject({ message: { stop_reason: 'end_turn' } });
      expect(await askFor(gateway)).toMatchObject({ message: { stop_reason: 'end_turn' } });
      expect(await askFor(gateway, true)).toMatchObject({ message: { stop_reason: 'max_tokens' } });
    }
    await using restarted = await serve(simulator);
    const { message, notes } = await askFor(restarted);
    expect(message).toMatchObject({ stop_reason: 'max_tokens', content: [{ text: 'The first step is to open the' }] });
    expect(notes).toContain('reply-cut-off');
  });

  it('is classified separately for each wire profile', async () => {
    const simulator = await createSimulator({ script: { replies: [{ steps: ['Done.'], times: 1 }, CUT] } });
    {
      await using gateway = await serve(simulator);
      await askFor(gateway);
      expect((await askFor(gateway)).message.stop_reason).toBe('max_tokens');
    }
    await using other = await serve(simulator, { DRAGOMAN_WIRE_PROFILE: 'codewhisperer-legacy' });
    expect((await askFor(other)).message.stop_reason).toBe('end_turn');
  });
});

describe('a refusal', () => {
  it('appears in the response, the notes and the log with its reason', async () => {
    const { log, lines } = logged();
    const stopDetails = { refusal: { category: 'REASONING_EXTRACTION', explanation: 'It asks for reasoning.' } };
    const payload = { stopReason: 'CONTENT_FILTERED', stopDetails };
    await using gateway = await startTestGateway({
      log,
      script: { replies: [{ steps: ['I', { event: 'metadataEvent', payload }] }] },
    });
    const { message, notes } = await askFor(gateway);
    expect(message).toMatchObject({
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: 'reasoning_extraction', explanation: 'It asks for reasoning.' },
    });
    expect(notes).toContain('reply-refused');
    const line = lines.find((entry) => entry.includes('reply-refused'));
    expect(line).toContain('reply-refused (REASONING_EXTRACTION → It asks for reasoning.)');
  });
});

describe('a reply without content', () => {
  const truncated: ReplyStep = {
    event: 'toolUseEvent',
    payload: { toolUseId: 't', name: 'read_file', input: '{"path":"' },
  };

  it.each<readonly [string, readonly ReplyStep[], string, number]>([
    ['is asked for once more', [{ text: [] }], '502', 2],
    ['is not asked for again at the output limit', [{ stopReason: 'MAX_TOKENS' }], 'max_tokens', 1],
    ['is not retried if the context is full', [{ contextPercentage: 100 }], 'model_context_window_exceeded', 1],
    ['is not retried if its tool call was incomplete', [truncated, { stopReason: 'TOOL_USE' }], '502', 1],
  ])('%s', async (_name, steps, outcome, requests) => {
    await using gateway = await startTestGateway({ script: { replies: [{ steps, closing: ['contextUsage'] }] } });
    const stop = await askFor(gateway).then(
      ({ message }) => message.stop_reason,
      (cause: Error & { readonly status?: number }) => String(cause.status),
    );
    const chats = gateway.simulator.requests.filter(({ operation }) => operation === 'GenerateAssistantResponse');
    expect({ stop, requests: chats.length }).toEqual({ stop: outcome, requests });
  });
});

describe('a 200 that is not a reply', () => {
  async function answering(contentType: string, body: string) {
    let chats = 0;
    const server = createServer((request, response) => {
      if (request.method === 'POST') chats += 1;
      request.resume();
      response.writeHead(200, { 'content-type': contentType }).end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using gateway = await startTestGateway({ env: { DRAGOMAN_UPSTREAM_URL: url } });
    const error = await askFor(gateway).then(
      () => expect.fail('expected a failure'),
      (cause: Error & { readonly status?: number }) => cause,
    );
    server.closeAllConnections();
    server.close();
    return { status: error.status, message: error.message, chats };
  }

  it('is explained by the title of its page and not retried', async () => {
    const page = '<!doctype html><html><head><title>Sign in to the hotel</title></head><body>…</body></html>';
    const { status, message, chats } = await answering('text/html; charset=utf-8', page);
    expect({ status, chats }).toEqual({ status: 502, chats: 1 });
    expect(message).toContain('Sign in to the hotel');
    expect(message).toContain('text/html');
  });

  it('is explained by its JSON and the table of failures', async () => {
    const body = '{"__type":"com.amazon#ValidationException","message":"Input is too long."}';
    const { status, message, chats } = await answering('application/json', body);
    expect({ status, chats }).toEqual({ status: 400, chats: 1 });
    expect(message).toMatch(/too long/);
  });
});
