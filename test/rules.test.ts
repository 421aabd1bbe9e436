/**
 * For each rule of the service, requests that violate it, through a client API and the whole gateway: the strict simulator
 * accepts what was sent, and the notes say how it was mended; or the gateway refuses it, naming the rule.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { IDC_ACCOUNT } from '../src/simulator/default-accounts.ts';
import { WIRE_RULES } from '../src/upstreams/codewhisperer/lint/rules.ts';
import { ADJUSTMENT_RULES } from '../src/upstreams/codewhisperer/normalize/rules.ts';
import { PLANTED_FAULTS, type PlantedFault } from './support/planted-faults.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const CALLS_A_TOOL = { steps: [{ tool: 'read', input: { path: 'a' } }], when: { tools: true, text: 'Hello.' } };

const gateways = new Map<string, TestGateway>();

afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.close();
});

/** An account with a profile, which inline completion needs. One gateway for each wire profile. */
async function gatewayFor(wireProfile: string): Promise<TestGateway> {
  const known = gateways.get(wireProfile);
  if (known) return known;
  const gateway = await startTestGateway({
    script: { replies: [CALLS_A_TOOL, { steps: ['Ok.'] }] },
    env: {
      DRAGOMAN_WIRE_PROFILE: wireProfile,
      DRAGOMAN_SEND_ENVIRONMENT: 'on',
      DRAGOMAN_REFRESH_TOKEN: IDC_ACCOUNT.refreshToken,
      DRAGOMAN_CLIENT_ID: IDC_ACCOUNT.clientId,
      DRAGOMAN_CLIENT_SECRET: IDC_ACCOUNT.clientSecret,
      DRAGOMAN_PROFILE_ARN: IDC_ACCOUNT.profileArn,
    },
  });
  gateways.set(wireProfile, gateway);
  return gateway;
}

async function post({ path = '/v1/messages', body, wireProfile = 'q-rest' }: PlantedFault) {
  const { url, apiKey, simulator } = await gatewayFor(wireProfile);
  const sentBefore = simulator.requests.length;
  const answer = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'claude-sonnet-4.5', ...body }),
  });
  const header = answer.headers.get('x-dragoman-adjustments') ?? '';
  const sent = simulator.requests.slice(sentBefore).filter(({ operation }) => operation?.startsWith('Generate'));
  const notes = header.split('; ').map((note) => note.split('@')[0]);
  return { status: answer.status, text: await answer.text(), notes, sent };
}

describe('a request that violates a rule', () => {
  it.each(PLANTED_FAULTS.filter(({ notes }) => notes.length > 0))(
    '$rule, $title: is mended and accepted',
    async (row) => {
      const { status, text, notes, sent } = await post(row);
      expect(status, text).toBe(200);
      expect(notes).toEqual(expect.arrayContaining([...row.notes]));
      expect(sent.map(({ refusedBy }) => refusedBy)).toEqual([undefined]);
    },
  );

  it.each(PLANTED_FAULTS.filter(({ notes }) => notes.length === 0))('$rule, $title: is refused', async (row) => {
    const { status, text, sent } = await post(row);
    expect([400, 404]).toContain(status);
    expect(text).toContain(row.says ?? `rule ${row.rule}`);
    expect(sent).toEqual([]);
  });
});

describe('rules', () => {
  it.each(Object.entries(WIRE_RULES))('%s has a row for each of its repairs, or for its refusal', (id, rule) => {
    const rows = PLANTED_FAULTS.filter((row) => row.rule === id);
    const shown = new Set(rows.flatMap(({ notes }) => notes));
    expect(rule.repairs.filter((repair) => !shown.has(repair))).toEqual([]);
    expect(rows.some(({ notes }) => notes.length === 0)).toBe(rule.severity === 'refused');
    expect(rule.repairs.length > 0).toBe(rule.severity === 'mended' || rule.severity === 'translated');
  });

  it('are rules of the rows', () => {
    expect(PLANTED_FAULTS.map(({ rule }) => rule).filter((rule) => !Object.hasOwn(WIRE_RULES, rule))).toEqual([]);
  });

  it('name every repair that encoding can make', () => {
    const named = new Set(Object.values(WIRE_RULES).flatMap(({ repairs }) => repairs));
    const unnamed = Object.keys(ADJUSTMENT_RULES).filter((rule) => !named.has(rule));
    // The gateway emulates two options itself, parsers read a repeated tool once and round numbers, and first aid is about
    // all rules.
    expect(unnamed.toSorted()).toEqual([
      'first-aid',
      'parallel-tool-use-ignored',
      'tool-choice-ignored',
      'tool-duplicate-dropped',
      'tool-input-number-rounded',
    ]);
  });
});
