/** `dragoman doctor --probe` against services that read the contested rules in either way. */
import { describe, expect, it } from 'vitest';
import type { Script, ScriptedRefusal } from '../src/simulator/script.ts';
import type { ServiceVariant } from '../src/simulator/service.ts';
import { createHome, runCommand } from './support/command.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';
import { startTestGateway } from './support/test-gateway.ts';

/** What a service refuses that takes the rule in its stricter reading. */
const STRICT_BODIES: Readonly<Record<string, string>> = {
  'additional-properties': '"additionalProperties"',
  'blank-tool-turn': '"content":""',
  'blank-turn': '"content":" "',
  'empty-required': '"required":\\[\\]',
  environment: '"envState"',
  'history-start': '"history":\\[\\{"assistantResponseMessage"',
  'schema-constraints': '"pattern"',
  'task-fields': '"agentTaskType"',
  'tool-name-start': '"name":"1_',
};

const BOLD: Readonly<Record<string, string>> = {
  'additional-properties': 'kept',
  'blank-tool-turn': 'empty',
  'blank-turn': 'space',
  'empty-required': 'kept',
  environment: 'sent',
  'history-start': 'any',
  'schema-constraints': 'kept',
  'task-fields': 'sent',
  'tool-name-start': 'any',
};

const SAFE: Readonly<Record<string, string>> = {
  'additional-properties': 'removed',
  'blank-tool-turn': 'sentence',
  'blank-turn': 'sentence',
  'empty-required': 'dropped',
  environment: 'left-out',
  'history-start': 'user-first',
  'schema-constraints': 'removed',
  'task-fields': 'left-out',
  'tool-name-start': 'letter',
};

const READY: Script = { replies: [{ steps: ['ready'] }] };

interface Probed {
  readonly code: number;
  readonly err: string;
  readonly readings: Readonly<Record<string, string | null>>;
  readonly report: { readonly calls: number; readonly planned: { readonly calls: { least: number; most: number } } };
}

async function setup(script: Script, env: Record<string, string> = {}, service: ServiceVariant = {}) {
  const simulator = await createSimulator({ script, service });
  const home = createHome();
  const all = { ...environmentFor(simulator.url), DRAGOMAN_DATABASE_URL: `sqlite:${home}/probe.db`, ...env };
  const probe = async (...args: string[]): Promise<Probed> => {
    const { code, out, err } = await runCommand(['doctor', '--probe', '--yes', '--json', ...args], all, home);
    const [report] = JSON.parse(out).probes;
    const results: { rule: string; reading: string | null }[] = report.results;
    return { code, err, report, readings: Object.fromEntries(results.map(({ rule, reading }) => [rule, reading])) };
  };
  return { simulator, home, env: all, probe };
}

function refusing(...bodies: readonly string[]): readonly ScriptedRefusal[] {
  const refuse = { status: 400, name: 'ValidationException', message: 'Improperly formed request.', reason: null };
  return bodies.map((body) => ({ when: { body }, refuse }));
}

describe('dragoman doctor --probe', () => {
  it('learns what a tolerant service accepts', async () => {
    const { probe, simulator } = await setup(READY);
    const { code, readings, report } = await probe();
    expect(code).toBe(0);
    expect(readings).toMatchObject({ ...BOLD, 'context-window': 'listed' });
    expect(report.calls).toBe(simulator.chatRequests.length);
    expect(report.calls).toBeGreaterThanOrEqual(report.planned.calls.least);
    expect(report.calls).toBeLessThanOrEqual(report.planned.calls.most);
  });

  it('learns what a strict service refuses', async () => {
    const script = { ...READY, refusals: refusing(...Object.values(STRICT_BODIES)) };
    expect((await (await setup(script)).probe()).readings).toMatchObject(SAFE);
  });

  it.each(Object.keys(STRICT_BODIES))('attributes a refusal to %s alone', async (rule) => {
    const script = { ...READY, refusals: refusing(STRICT_BODIES[rule] ?? '') };
    expect((await (await setup(script)).probe()).readings).toMatchObject({ ...BOLD, [rule]: SAFE[rule] });
  });

  it.each([
    [true, 'sent'],
    [false, 'left-out'],
  ])('learns whether the kiro.dev hosts take the TokenType: %s', async (takesSsoTokenType, expected) => {
    const { probe } = await setup(READY, { DRAGOMAN_WIRE_PROFILE: 'kiro-krs' }, { takesSsoTokenType });
    const { readings } = await probe();
    expect(readings['token-type']).toBe(expected);
  });

  it('learns that the reported share is not of the listed window', async () => {
    const steps = ['ready', { contextPercentage: 3 }];
    const { probe } = await setup({ replies: [{ steps, closing: { contextUsage: false } }] });
    expect((await probe()).readings['context-window']).toBe('unknown');
  });

  it('stores the readings, which later requests obey', async () => {
    const { probe, simulator, home, env } = await setup(READY);
    await probe('environment');
    const learnt = await runCommand(['doctor', 'learnt'], env, home);
    expect(learnt.out).toMatch(/rule +additional-properties is kept under q-rest/);
    await using gateway = await startTestGateway({ simulator, env });
    const parameters = { type: 'object', properties: {}, additionalProperties: false };
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.apiKey}` },
      body: JSON.stringify({
        model: 'auto',
        messages: [{ role: 'user', content: 'Hi.' }],
        tools: [{ type: 'function', function: { name: 'look', parameters } }],
      }),
    });
    expect(response.status).toBe(200);
    expect(simulator.chatRequests.at(-1)?.rawBody).toContain('"additionalProperties":false');
  });

  it('says what it will cost, prints a table without the account, and sends nothing without --yes', async () => {
    const { simulator, home, env } = await setup(READY);
    const refused = await runCommand(['doctor', '--probe'], env, home);
    expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/uses credits.*Pass --yes/) });
    expect(refused.out).toMatch(
      /^\d+ questions with the model \S+ through the wire profile q-rest of environment: \d+ to \d+ short chats, 0\.\d+ to 0\.\d+ credits \(estimated\)\.\n$/,
    );
    expect(simulator.chatRequests).toEqual([]);
    const { out } = await runCommand(['doctor', '--probe', '--yes'], env, home);
    const table = out.slice(out.indexOf('\ndragoman '));
    expect(table).toContain('| `blank-turn` | May a message consist of white space? | space |  |\n');
    expect(table).not.toMatch(/environment:|arn:|aoa|127\.0\.0\.1/);
  });

  it('stops when the failure is not about the request, and keeps what it has learnt', async () => {
    const refuse = { status: 429, name: 'ThrottlingException', message: 'Slow down.' };
    const { probe, home, env } = await setup({ replies: [{ when: { request: 3 }, refuse }, { steps: ['ready'] }] });
    const { code, readings, report } = await probe();
    expect(code).toBe(1);
    expect(report).toMatchObject({ failure: { code: 'upstream_throttled' } });
    expect(readings).toEqual({ 'additional-properties': 'kept' });
    const { accounts } = JSON.parse((await runCommand(['doctor', 'learnt', '--json'], env, home)).out);
    expect(accounts[0].readings).toMatchObject([
      { rule: 'additional-properties', reading: 'kept', wireProfile: 'q-rest' },
    ]);
  });
});
