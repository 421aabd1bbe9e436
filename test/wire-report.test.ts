/** `dragoman simulate --record`: what official clients send, without their text, and how it differs from what dragoman sends. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Header } from '../src/capsules/format.ts';
import { buildWireReport, type WireReport } from '../src/capsules/wire-report/report.ts';
import { ownRequests } from '../src/cli/wire-report/own-requests.ts';
import { WireRecorder } from '../src/cli/wire-report/recorder.ts';
import { DEFAULT_ACCOUNT } from '../src/simulator/default-accounts.ts';
import languageServer from '../src/simulator/fixtures/language-server.json' with { type: 'json' };
import qCli from '../src/simulator/fixtures/q-cli.json' with { type: 'json' };
import { runSimulator } from '../src/simulator/run.ts';
import { createHome } from './support/command.ts';
import { createSimulator } from './support/simulator.ts';
import { createTestTerminal } from './support/terminal.ts';

interface ClientRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

async function record(requests: readonly ClientRequest[]) {
  const simulator = await createSimulator();
  const file = join(createHome(), 'report.json');
  const recorder = new WireRecorder(file);
  simulator.onFinished(recorder.take);
  for (const { method, path, headers, body } of requests) {
    const init = { method, headers: { ...headers, authorization: `Bearer ${DEFAULT_ACCOUNT.accessToken}` } };
    const response = await fetch(simulator.url + path, body ? { ...init, body: JSON.stringify(body) } : init);
    await response.arrayBuffer();
  }
  await expect.poll(() => recorder.count).toBe(requests.length);
  recorder.write();
  const text = readFileSync(file, 'utf8');
  return { text, report: JSON.parse(text) as WireReport };
}

/** Each text of the value in turn is replaced by another that occurs nowhere else, and so are names inside tools and calls. */
function plant(value: unknown, planted: string[], inside = false, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => plant(item, planted, inside, key));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        const isName = inside && !['type', 'properties', 'json', 'required', 'description', 'items'].includes(name);
        const isData = inside || ['inputSchema', 'input', 'json'].includes(name);
        return [isName ? next(planted) : name, plant(member, planted, isData, name)];
      }),
    );
  if (typeof value !== 'string' || KEPT.test(key)) return value;
  return key === 'type' && inside ? value : `${next(planted)} ${value.length}`;
}

/** Words of the service. */
const KEPT = /^(?:origin|chatTriggerType|agentTaskType|modelId|status|operatingSystem|format)$/;

function next(planted: string[]): string {
  const letters = [...String(planted.length).padStart(3, '0')]
    .map((digit) => 'bdghjlmpqv'.charAt(Number(digit)))
    .join('');
  planted.push(`Kzw${letters}`);
  return `Kzw${letters}`;
}

describe('a wire report', () => {
  it('has none of the words that were in every value, and in the names of tools and properties', async () => {
    const planted: string[] = [];
    const requests: ClientRequest[] = [...qCli.requests, ...languageServer.requests].map((request) => {
      const { method, path, headers, body }: ClientRequest = request;
      const marked = {
        'x-client-note': next(planted),
        'user-agent': `aws-sdk-rust/1.3.9 app/${next(planted)}`,
      };
      const planting = Array.from({ length: 2 }, () => plant(body ?? {}, planted));
      return {
        method,
        path,
        headers: { ...headers, ...marked },
        ...(method === 'GET' ? {} : { body: { ...Object(planting[0]), extra: planting } }),
      };
    });
    const { text } = await record(requests);
    expect(planted.length).toBeGreaterThan(200);
    const all = text.toLowerCase();
    expect(planted.filter((word) => all.includes(word.toLowerCase()))).toEqual([]);
    expect(text).not.toContain(DEFAULT_ACCOUNT.accessToken);
  });

  it('keeps names of members and headers that dragoman does not know, and says that they are the client’s alone', async () => {
    const [request] = qCli.requests.filter(({ path, body }) => path === '/' && 'conversationState' in body);
    if (!request) throw new Error('There is no chat among the requests.');
    const state = { ...Object(Object(request.body).conversationState), agentSteeringHints: ['secret'] };
    const changed: ClientRequest = {
      ...request,
      headers: { ...request.headers, 'x-new-header': 'secret' },
      body: { ...request.body, conversationState: state },
    };
    const { text, report } = await record([changed]);
    const [operation] = report.operations;
    expect(operation?.members.onlyClient).toContain('conversationState.agentSteeringHints');
    expect(operation?.headers.onlyClient).toContain('x-new-header');
    expect(text).toContain('"agentSteeringHints');
    expect(text).not.toContain('secret');
  });

  it('compares each operation with the closest wire profile, by members, order and classes of values', async () => {
    const { report } = await record(qCli.requests);
    const chat = report.operations.find(
      ({ operation }) => operation === 'GenerateAssistantResponse' || operation === 'SendMessage',
    );
    expect(chat).toMatchObject({ profile: expect.any(String), members: { onlyDragoman: expect.any(Array) } });
    expect(chat?.members.different).toContainEqual({
      at: 'conversationState.currentMessage.userInputMessage.origin',
      client: '"CLI"',
      dragoman: expect.stringMatching(/^"[A-Z_]+"$/),
    });
    expect(report.requests).toHaveLength(qCli.requests.length);
  });

  it.each(['linux', 'darwin', 'win32'])('finds no difference in what dragoman itself sends on %s', (platform) => {
    const own = ownRequests().filter(({ profile }) => profile === 'q-rest');
    const sent = own.map(({ headers, ...request }) => ({
      ...request,
      headers: headers.map(([name, value]): Header => [name, value.replace(/ os\/[^#]+/, ` os/${platform}`)]),
    }));
    const report = buildWireReport(sent, own, { version: '0.1.0', salt: '' });
    expect(report.operations.length).toBeGreaterThan(2);
    expect(report.operations.flatMap(({ headers }) => headers.different)).toEqual([]);
  });
});

describe('the recording simulator', () => {
  it('passes each finished request on', async () => {
    const { terminal } = createTestTerminal();
    const stopping = new AbortController();
    const paths: string[] = [];
    const lines: string[] = [];
    const running = runSimulator({
      port: '0',
      script: undefined,
      json: true,
      terminal: { ...terminal, out: (line) => void lines.push(line) },
      signal: stopping.signal,
      onFinished: ({ path }) => void paths.push(path),
    });
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    const { url }: { url: string } = JSON.parse(lines[0] ?? '');
    await fetch(`${url}/somewhere`).then((response) => response.text());
    await expect.poll(() => paths).toEqual(['/somewhere']);
    stopping.abort();
    expect(await running).toBe(0);
  });
});
