/**
 * AWS's language server, the chat and completions of its IDE plug-ins, against the simulator of `dragoman simulate`. The
 * client must understand what the simulator sends, and the simulator must accept what the client sends.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';
import { DEFAULT_ACCOUNT, Q_DEVELOPER_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import type { Refusal, ReplyStep, Script } from '../../src/simulator/script.ts';
import { type Simulator, startSimulator } from '../../src/simulator/server.ts';
import { openSandbox, type Sandbox } from '../agents/sandbox.ts';
import { installLanguageServer } from './install.ts';
import { LanguageServer } from './language-server.ts';

const TAB = 'tab-1';
const THROTTLED: Refusal = {
  status: 429,
  name: 'ThrottlingException',
  message: 'Too many requests, please wait before trying again.',
  reason: null,
};

let packages: string;
let open: { readonly simulator: Simulator; readonly sandbox: Sandbox; readonly server: LanguageServer } | undefined;

beforeAll(async () => {
  packages = await installLanguageServer();
});

afterEach(async () => {
  if (!open) return;
  const { simulator, sandbox, server } = open;
  open = undefined;
  await server[Symbol.asyncDispose]();
  await simulator.close();
  await sandbox[Symbol.asyncDispose]();
  expect(simulator.requests.filter(({ operation }) => operation === undefined)).toEqual([]);
  expect(server.stderr).not.toContain('refused to look up');
});

async function start(script: Script = { replies: [] }, token: string = DEFAULT_ACCOUNT.accessToken) {
  const simulator = await startSimulator({ script });
  const sandbox = await openSandbox({ 'notes.txt': 'The code word is heron.\n' });
  const server = await LanguageServer.start(packages, simulator.url, sandbox);
  open = { simulator, sandbox, server };
  await server.signIn(token);
  await server.openTab(TAB);
  return open;
}

function memberOf(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((found, name) => (isJsonObject(found) ? found[name] : undefined), value);
}

function stateOf({ chatRequests }: Simulator, at: number): JsonObject {
  const state = memberOf(chatRequests.at(at)?.body, 'conversationState');
  return isJsonObject(state) ? state : {};
}

function toolNames(state: JsonObject): JsonValue[] {
  const tools = memberOf(state, 'currentMessage', 'userInputMessage', 'userInputMessageContext', 'tools');
  return Array.isArray(tools) ? tools.map((tool) => memberOf(tool, 'toolSpecification', 'name') ?? null) : [];
}

const statuses = ({ chatRequests }: Simulator) => chatRequests.map(({ status }) => status);
/** Rules broken by requests that neither a script nor a plan refused. */
const brokenRules = ({ requests }: Simulator) =>
  requests.flatMap(({ refusedBy }) => (refusedBy && !/^(?:script|plan-)/.test(refusedBy.rule) ? [refusedBy] : []));

describe('AWS’s language server', () => {
  it('chats over several turns of one conversation', async () => {
    const { simulator, server } = await start();
    expect((await server.chat(TAB, 'Hello, who are you?')).body).toContain('You wrote “Hello, who are you?”');
    expect((await server.chat(TAB, 'And now?')).body).toContain('You wrote “And now?”');
    expect(statuses(simulator)).toEqual([200, 200]);
    expect(brokenRules(simulator)).toEqual([]);
    const [first, second] = [stateOf(simulator, 0), stateOf(simulator, 1)];
    expect(first.history).toEqual([]);
    expect(second.history).toHaveLength(2);
    expect(second.conversationId).toBe(first.conversationId);
    const models = await server.listModels(TAB);
    expect(models.models.map(({ id }) => id)).toContain('claude-sonnet-4.5');
    expect(simulator.requests.find(({ operation }) => operation === 'ListAvailableModels')?.query.origin).toBe('IDE');
  });

  it('carries out a plan of tool calls, turn by turn', async () => {
    const { simulator, server, sandbox } = await start();
    const path = join(sandbox.folder, 'made.txt');
    const plan = [
      `use fsRead ${JSON.stringify({ paths: [join(sandbox.folder, 'notes.txt')] })}`,
      `use listDirectory ${JSON.stringify({ path: sandbox.folder })}`,
      `use fsWrite ${JSON.stringify({ command: 'create', path: path, fileText: 'a & "b"' })}`,
    ];
    const { body, additionalMessages = [] } = await server.chat(TAB, plan.join('\n'));
    expect(body).toContain('All 3 steps of the plan are done.');
    expect(additionalMessages.filter(({ type }) => type === 'tool')).toHaveLength(3);
    expect(await readFile(path, 'utf8')).toBe('a & "b"');
    expect(statuses(simulator)).toEqual([200, 200, 200, 200]);
    expect(brokenRules(simulator)).toEqual([]);
    expect(JSON.stringify(stateOf(simulator, 1).currentMessage)).toContain('The code word is heron.');
    expect(stateOf(simulator, -1).history).toHaveLength(6);
  });

  it('leaves agent mode with calls of its tools in the history', async () => {
    const { simulator, server, sandbox } = await start();
    const input = { command: 'create', path: join(sandbox.folder, 'made.txt'), fileText: 'a' };
    await server.chat(TAB, `use fsWrite ${JSON.stringify(input)}`);
    await server.leaveAgentMode(TAB);
    expect((await server.chat(TAB, 'And now?')).body).toContain('You wrote “And now?”');
    const state = stateOf(simulator, -1);
    expect(toolNames(stateOf(simulator, 0))).toContain('fsWrite');
    expect(toolNames(state)).toContain('fsRead');
    expect(toolNames(state)).not.toContain('fsWrite');
    expect(JSON.stringify(state.history)).toContain('"name":"fsWrite"');
    expect(brokenRules(simulator)).toEqual([]);
  });

  it('compacts a conversation and continues from the summary', async () => {
    const { simulator, server, sandbox } = await start();
    await server.chat(TAB, `use listDirectory ${JSON.stringify({ path: sandbox.folder })}`);
    expect((await server.chat(TAB, '/compact', '/compact')).body).toContain('compacted successfully');
    await server.chat(TAB, 'Go on.');
    expect(JSON.stringify(stateOf(simulator, -1).history)).toContain('## Conversation Summary');
    expect(brokenRules(simulator)).toEqual([]);
  });

  it('completes code at the cursor, references included, and nothing while it is throttled', async () => {
    const references = [{ licenseName: 'MIT', repository: 'example/sums', url: 'https://example.com/sums' }];
    const { simulator, server } = await start({
      replies: [],
      completions: [
        { when: { left: 'licensed' }, found: [{ content: '(1)', references }] },
        { when: { left: 'throttled' }, refuse: THROTTLED },
      ],
    });
    const sum = await server.openDocument('add.js', 'javascript', 'function add(a, b) {\n  return \n}\n');
    const found = await server.complete(sum, 1, 9);
    expect(found.items.map(({ insertText }) => insertText)).toEqual(['a + b;', 'b * a;']);
    expect(found.sessionId).toMatch(/^[0-9a-f-]{36}$/);
    const licensed = await server.openDocument('one.js', 'javascript', 'licensed');
    expect((await server.complete(licensed, 0, 8)).items).toMatchObject([
      { insertText: '(1)', references: [{ licenseName: 'MIT' }] },
    ]);
    const throttled = await server.openDocument('two.js', 'javascript', 'throttled');
    expect((await server.complete(throttled, 0, 9)).items).toEqual([]);
    const completions = simulator.requests.filter(({ operation }) => operation === 'GenerateCompletions');
    expect(new Set(completions.map(({ status }) => status))).toEqual(new Set([200, 429]));
    expect(brokenRules(simulator)).toEqual([]);
  });

  it('recovers from one throttled request, and reports a service that stays throttled', async () => {
    const { simulator, server } = await start({
      replies: [
        { when: { text: 'once' }, times: 1, refuse: THROTTLED },
        { when: { text: 'always' }, refuse: THROTTLED },
        { when: { text: 'crowded' }, refuse: { ...THROTTLED, reason: 'INSUFFICIENT_MODEL_CAPACITY' } },
      ],
    });
    expect((await server.chat(TAB, 'once')).body).toContain('You wrote “once”');
    expect(statuses(simulator)).toEqual([429, 200]);
    await server.openTab('tab-2');
    const failed = await server.chat('tab-2', 'always');
    expect(failed.messageId).toMatch(/^error-message-id-/);
    expect(failed.body).toContain('An unexpected error occurred');
    expect(statuses(simulator).slice(2)).toEqual([429, 429, 429]);
    await server.openTab('tab-3');
    await server.chat('tab-3', 'crowded');
    const updates = server.notifications.filter(({ method }) => method === 'aws/chat/sendChatUpdate');
    expect(JSON.stringify(updates)).toContain('"messageId":"modelThrottled"');
  });

  it('reports a conversation that is too long', async () => {
    const refuse = {
      status: 400,
      name: 'ValidationException',
      message: 'Input is too long.',
      reason: 'CONTENT_LENGTH_EXCEEDS_THRESHOLD',
    };
    const { simulator, server } = await start({ replies: [{ times: 1, refuse }] });
    expect((await server.chat(TAB, 'A long story.')).body).toContain('Too much context loaded');
    expect(statuses(simulator)).toEqual([400]);
    expect((await server.chat(TAB, 'Shorter.')).body).toContain('You wrote “Shorter.”');
  });

  it('reports a used-up plan of requests as its monthly limit, and shows the message of a plan of credits', async () => {
    const { simulator, server } = await start({ replies: [] }, Q_DEVELOPER_ACCOUNT.accessToken);
    simulator.setAccount(Q_DEVELOPER_ACCOUNT.id, { creditsUsed: Q_DEVELOPER_ACCOUNT.credits.limit });
    simulator.setAccount(DEFAULT_ACCOUNT.id, { creditsUsed: 1_000 });
    const limited = await server.chat(TAB, 'Hello');
    expect(limited).toMatchObject({ messageId: 'monthly-usage-limit' });
    expect(limited.body).toContain('Monthly limit reached');
    expect(JSON.stringify(server.notifications)).toContain('"paidTierMode":"freetier-limit"');
    await server.signIn(DEFAULT_ACCOUNT.accessToken);
    expect((await server.chat(TAB, 'Hello')).body).toContain('You have reached the limit.');
    expect(statuses(simulator)).toEqual([429, 402]);
  });

  it.each<[string, ReplyStep]>([
    ['a reset', { cut: 'reset' }],
    ['a partial frame', { cut: 'end', half: true }],
    ['a wrong checksum', { corrupt: true }],
    ['an exception', { exception: 'error', payload: { message: 'high load', reason: null } }],
    ['an error frame', { errorCode: 'InternalError', errorMessage: 'broken' }],
  ])('reports an answer that is cut by %s, and chats on', async (_, fault) => {
    const { simulator, server } = await start({ replies: [{ times: 1, steps: ['Half an answer', fault] }] });
    const failed = await server.chat(TAB, 'Hello');
    expect(failed.messageId).toMatch(/^error-message-id-/);
    expect(failed.body).not.toContain('Half an answer');
    expect((await server.chat(TAB, 'Again')).body).toContain('You wrote “Again”');
    expect(brokenRules(simulator)).toEqual([]);
  });

  it('requests a new sign-in if its token is refused', async () => {
    const { simulator, server } = await start({ replies: [] }, 'aoaUnknown');
    const failed = await server.chat(TAB, 'Hello');
    expect(statuses(simulator)).toContain(403);
    expect(failed.followUp?.options?.map(({ type }) => type)).toContain('re-auth');
  });
});
