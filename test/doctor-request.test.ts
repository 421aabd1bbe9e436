/** `dragoman doctor --request`: what it says about captured requests, and how it finds what only the service knows. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHome, runCommand } from './support/command.ts';
import { PNG } from './support/conversations.ts';
import { largeRequest, SERVICE_FAULTS } from './support/doctor-faults.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';

const IMPROPERLY_FORMED = { status: 400, name: 'ValidationException', message: 'Improperly formed request.' };
const NOWHERE = { DRAGOMAN_UPSTREAM_URL: 'http://127.0.0.1:1', DRAGOMAN_DATABASE_URL: 'sqlite::memory:' };

interface Report {
  readonly ok: boolean;
  readonly source: string;
  readonly protocol: string;
  readonly findings: readonly { readonly status: string; readonly rule: string; readonly path: string | null }[];
  readonly sent?: {
    readonly calls: number;
    readonly result: { readonly type: string; readonly part: { readonly kind: string; readonly path: string } };
    readonly suggestion?: { readonly advice: string; readonly readings?: Record<string, string> };
    readonly learnt?: boolean;
  };
}

async function examine(
  content: string,
  args: readonly string[] = [],
  env: Record<string, string> = NOWHERE,
  home = createHome(),
) {
  const file = join(home, 'request.txt');
  writeFileSync(file, content);
  const { code, out, err } = await runCommand(['doctor', '--request', file, '--json', ...args], env, home);
  return { code, out: out + err, report: code === 2 ? undefined : (JSON.parse(out) as Report), home };
}

const CHAT = { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content: 'It’s "quoted" \\ here' }] };

describe('dragoman doctor --request', () => {
  it.each([
    ['Chat Completions', JSON.stringify(CHAT), 'openai-chat'],
    ['Responses', JSON.stringify({ model: 'auto', input: 'Hi' }), 'openai-responses'],
    ['Messages', JSON.stringify({ ...CHAT, system: 'Be brief.', max_tokens: 10 }), 'anthropic-messages'],
    ['Completions', JSON.stringify({ model: 'auto', prompt: 'Hi' }), 'openai-completions'],
    [
      'a curl command of a terminal',
      `curl -sS http://127.0.0.1:8080/v1/messages \\\n  -H 'x-api-key: k' \\\n  -d '${JSON.stringify({ ...CHAT, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })}'`,
      'anthropic-messages',
    ],
    [
      'a curl command of a browser',
      `curl 'https://example.com/v1/chat/completions' -H 'a: b' --data-raw $'${JSON.stringify(CHAT).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
      'openai-chat',
    ],
    [
      'a HAR',
      JSON.stringify({
        log: {
          entries: [
            {
              request: { url: 'https://example.com/v1/responses', postData: { text: '{"model":"auto","input":"Hi"}' } },
            },
            { request: { url: 'https://example.com/beacon', postData: { text: 'x' } } },
          ],
        },
      }),
      'openai-responses',
    ],
    [
      'a capsule',
      JSON.stringify({
        capsule: 1,
        request: { method: 'POST', path: '/v1/chat/completions', body: JSON.stringify(CHAT) },
      }),
      'openai-chat',
    ],
  ])('reads %s', async (_name, content, protocol) => {
    const { code, report } = await examine(content);
    expect(report).toMatchObject({ ok: true, protocol });
    expect(code).toBe(0);
  });

  it('names what is mended and every rule that is broken, with the path and the remedy, and sends nothing', async () => {
    const wrong = { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: PNG } };
    const long = { role: 'user', content: 'x'.repeat(10_000_001) };
    const body = {
      model: 'auto',
      max_tokens: 9,
      messages: [{ role: 'user', content: [wrong] }, long],
      tools: [{ name: '9', input_schema: {} }],
    };
    const { code, report } = await examine(JSON.stringify(body));
    expect(code).toBe(1);
    expect(report?.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          status: 'refused',
          rule: 'content-length',
          path: 'messages[0]',
          remedy: 'Shorten it.',
        }),
        expect.objectContaining({ status: 'mended', rule: 'tool-name-alias', path: 'tools[0]' }),
        expect.objectContaining({ status: 'mended', rule: 'image-type' }),
      ]),
    );
  });

  it('prepares images and documents as the gateway does, and fetches none', async () => {
    const file = (media_type: string, data: string) => ({
      type: 'document',
      source: { type: 'base64', media_type, data },
    });
    const { code, report } = await examine(
      JSON.stringify({
        ...CHAT,
        max_tokens: 10,
        messages: [
          { role: 'user', content: [file('application/pdf', Buffer.from('%PDF-1.4 broken').toString('base64'))] },
          { role: 'assistant', content: 'It is broken.' },
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'url', url: 'http://127.0.0.1:1/a.png' } },
              file('text/plain', Buffer.from('\ufeffHi', 'utf16le').toString('base64')),
            ],
          },
        ],
      }),
    );
    expect(code).toBe(0);
    const found = report?.findings.map(({ status, rule, path }) => `${status} ${rule} ${path}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'mended attachment-unreadable messages[0].content[0]',
        'mended attachment-fetched messages[2].content[0].source.url',
        'mended document-encoding messages[2].content[1]',
      ]),
    );
  });

  it.each([
    ['no JSON', 'hello', /neither JSON nor a curl command/],
    ['another request', '{"a":1}', /not one of Chat Completions/],
    ['a file of a curl command', 'curl http://127.0.0.1/v1/messages -d @body.json', /Pass that file instead/],
  ])('says what is wrong with %s', async (_name, content, message) => {
    const { code, out } = await examine(content);
    expect(code).toBe(2);
    expect(out).toMatch(message);
  });
});

describe('dragoman doctor --request --send', () => {
  it.each(SERVICE_FAULTS)('finds $title in at most 12 calls', async ({ plant, when, kind, path }) => {
    const simulator = await createSimulator({
      script: { replies: [{ when, refuse: IMPROPERLY_FORMED }, { steps: ['Ok.'] }] },
    });
    const body = largeRequest();
    plant(body);
    const { code, report } = await examine(JSON.stringify(body), ['--send'], environmentFor(simulator.url));
    const { result, calls = 0, suggestion } = report?.sent ?? {};
    const found = result?.type === 'sum' ? { ...result.part, kind: 'sum' } : result?.part;
    expect({ ...found, path: found?.path.slice(0, path.length) }).toMatchObject({ kind, path });
    expect(calls).toBeLessThanOrEqual(12);
    const chats = simulator.requests.filter(({ operation }) => operation === 'GenerateAssistantResponse');
    expect(chats).toHaveLength(calls);
    // Every candidate is a request that the rules allow: only the planted fault is refused.
    expect(new Set(chats.map(({ refusedBy }) => refusedBy?.rule))).toEqual(new Set([undefined, 'script']));
    expect(suggestion?.advice).toMatch(/\.$/);
    expect(code).toBe(1);
  });
});

describe('dragoman doctor --request --send --learn', () => {
  it('stores the rule for the account, whose later requests keep to it', async () => {
    const simulator = await createSimulator({
      script: { replies: [{ when: { body: '"cachePoint"' }, refuse: IMPROPERLY_FORMED }, { steps: ['Ok.'] }] },
    });
    const env = { ...environmentFor(simulator.url), DRAGOMAN_DATABASE_URL: '' };
    const body = largeRequest();
    Object.assign(body.messages[8]?.content[0] ?? {}, { cache_control: { type: 'ephemeral' } });
    const first = await examine(JSON.stringify(body), ['--send', '--learn'], env);
    expect(first.report?.sent).toMatchObject({
      result: { type: 'part', part: { kind: 'cache-point', path: 'messages[8].content[0]' } },
      suggestion: { readings: { 'cache-points': 'left-out' } },
      learnt: true,
    });
    const again = await examine(JSON.stringify(body), ['--send'], env, first.home);
    expect(again.report).toMatchObject({ ok: true, sent: { calls: 1, result: { type: 'accepted' } } });
    expect(again.report?.findings).toContainEqual(expect.objectContaining({ rule: 'cache-point-ignored' }));
  });

  it('says so if the service refuses every request', async () => {
    const simulator = await createSimulator({ script: { replies: [{ refuse: IMPROPERLY_FORMED }] } });
    const { code, report } = await examine(JSON.stringify(CHAT), ['--send'], environmentFor(simulator.url));
    expect(report?.sent?.result).toEqual({ type: 'not-in-the-request' });
    expect(code).toBe(1);
  });

  it('prints the part, the advice, the rule and the number of requests', async () => {
    const simulator = await createSimulator({
      script: { replies: [{ when: { body: '"pattern"' }, refuse: IMPROPERLY_FORMED }, { steps: ['Ok.'] }] },
    });
    const home = createHome();
    const file = join(home, 'request.json');
    const schema = { type: 'object', properties: { path: { type: 'string', pattern: '^/' } } };
    const tools = [{ type: 'function', function: { name: 'read', description: 'Reads.', parameters: schema } }];
    writeFileSync(file, JSON.stringify({ ...CHAT, tools }));
    const { code, out, err } = await runCommand(
      ['doctor', '--request', file, '--send'],
      environmentFor(simulator.url),
      home,
    );
    expect(out + err).toContain(
      'The service refuses this part: tool-schema "schema.properties.path.pattern" at tools[0]',
    );
    expect(out + err).toContain('Rule: schema-constraints = removed. Add --learn to store it for this account.');
    expect(out + err).toMatch(/\d requests sent\./);
    expect(code).toBe(1);
  });
});
