/** A refusal without a reason: the gateway tries once more under the safest readings of the rules, and says so. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ScriptedReply } from '../src/simulator/script.ts';
import { SAFEST_READINGS } from '../src/upstreams/codewhisperer/readings/rules.ts';
import { startTestGateway } from './support/test-gateway.ts';

const IMPROPERLY_FORMED = { status: 400, name: 'ValidationException', message: 'Improperly formed request.' };
const SCHEMA = { type: 'object', properties: { path: { type: 'string', pattern: '^/' } } };
const BODY = {
  model: 'claude-sonnet-4.5',
  max_tokens: 1_000,
  messages: [{ role: 'user', content: 'Hello.' }],
  tools: [{ name: 'read', description: 'Reads.', input_schema: SCHEMA }],
};

async function ask(refusal: ScriptedReply, env: Record<string, string> = {}) {
  const gateway = await startTestGateway({ script: { replies: [refusal, { steps: ['Ok.'] }] }, env });
  onTestFinished(() => gateway.close());
  const headers = { authorization: `Bearer ${gateway.apiKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`${gateway.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(BODY) });
  const text = await answer.text();
  const chats = gateway.simulator.requests.filter(({ operation }) => operation === 'GenerateAssistantResponse');
  const page = await (await fetch(`${gateway.url}/metrics`)).text();
  const counted = page.split('\n').filter((line) => line.startsWith('dragoman_first_aid_total{'));
  const notes = answer.headers.get('x-dragoman-adjustments') ?? '';
  return { status: answer.status, text, notes, counted, bodies: chats.map(({ rawBody }) => rawBody) };
}

/** A wire profile of which nothing is left to make safer. */
function homeWithSafestProfile(): string {
  const home = mkdtempSync(join(tmpdir(), 'dragoman-first-aid-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, 'profiles'));
  const profile = { id: 'safest', extends: 'q-rest', readings: SAFEST_READINGS };
  writeFileSync(join(home, 'profiles', 'safest.json'), JSON.stringify(profile));
  return home;
}

describe('a request that the service refuses without a reason', () => {
  it('is sent once more under the safest readings, which the notes and the metrics say', async () => {
    const { status, notes, counted, bodies } = await ask({ when: { body: '"pattern"' }, refuse: IMPROPERLY_FORMED });
    expect(status).toBe(200);
    expect(notes).toContain('first-aid');
    expect(notes).toContain('tool-schema-keyword-removed@tools[0]');
    expect(bodies.map((body) => body.includes('"pattern"'))).toEqual([true, false]);
    expect(counted).toEqual(['dragoman_first_aid_total{result="ok"} 1']);
  });

  it('is sent no third time', async () => {
    const { status, text, counted, bodies } = await ask({ refuse: IMPROPERLY_FORMED });
    expect(status).toBe(400);
    expect(text).toContain('Improperly formed request.');
    expect(bodies).toHaveLength(2);
    expect(counted).toEqual(['dragoman_first_aid_total{result="upstream_refused"} 1']);
  });

  it.each([
    ['the service gives a reason', { ...IMPROPERLY_FORMED, reason: 'TOOL_DUPLICATE' }, {}],
    ['the message says more', { ...IMPROPERLY_FORMED, message: 'Invalid tool use format.' }, {}],
    ['the setting forbids it', IMPROPERLY_FORMED, { DRAGOMAN_FIRST_AID: 'no' }],
  ])('is not sent again if %s', async (_why, refuse, env) => {
    const { status, counted, bodies } = await ask({ refuse }, env);
    expect(status).toBe(400);
    expect(bodies).toHaveLength(1);
    expect(counted).toEqual([]);
  });

  it('is not sent again if its readings are the safest already', async () => {
    const env = { DRAGOMAN_HOME: homeWithSafestProfile(), DRAGOMAN_WIRE_PROFILE: 'safest' };
    const { bodies } = await ask({ refuse: IMPROPERLY_FORMED }, env);
    expect(bodies).toHaveLength(1);
  });
});
