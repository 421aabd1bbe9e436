import { describe, expect, it } from 'vitest';
import { frame, text } from '../../test/support/reply-frames.ts';
import type { Model } from '../core/models.ts';
import { createCodewhisperer } from '../upstreams/codewhisperer/index.ts';
import { SHIPPED_PROFILES } from '../upstreams/codewhisperer/profiles.ts';
import { PROBES } from '../upstreams/codewhisperer/readings/questions.ts';
import { READING_RULES } from '../upstreams/codewhisperer/readings/rules.ts';
import type { SendUpstream, UpstreamAnswer } from './ports.ts';
import { Prober } from './probe.ts';

const ACCOUNT = {
  accountId: 'a1',
  accessToken: 'token',
  proxy: undefined,
  access: {
    region: 'us-east-1',
    profileArn: undefined,
    wireProfile: 'q-rest',
    baseUrl: undefined,
    kind: 'builder-id',
  },
};

function modelOf(id: string, rateMultiplier: number): Model {
  return { id, name: id, rateMultiplier, promptCaching: true, maxInputTokens: 200_000 } as Model;
}

describe('a probe', () => {
  const prober = new Prober({
    upstream: createCodewhisperer(SHIPPED_PROFILES),
    probes: PROBES,
    send: () => expect.fail('a plan sends nothing'),
  });

  it('is planned with the cheapest model, and its cost is known before', async () => {
    const models = [modelOf('dear', 2), modelOf('cheap', 0.1), modelOf('middle', 1)];
    const plan = await prober.plan(ACCOUNT, { models, defaultModelId: 'dear' });
    expect(plan.model.id).toBe('cheap');
    expect(plan.calls).toEqual({ least: plan.questions.length + 1, most: 2 * plan.questions.length + 2 });
    expect(plan.credits.least).toBeGreaterThan(0);
    expect(plan.credits.most).toBeGreaterThan(plan.credits.least);
    expect(plan.credits.most).toBeLessThan(0.1);
  });

  it('asks about every contested rule under some wire profile, each by a chat that differs between the readings', async () => {
    const catalogue = { models: [modelOf('cheap', 0.1)], defaultModelId: 'cheap' };
    const asked = new Set<string>(['reasoning-history', PROBES.window.rule]);
    for (const wireProfile of ['q-rest', 'q-json', 'kiro-krs']) {
      const account = { ...ACCOUNT, access: { ...ACCOUNT.access, wireProfile } };
      for (const { rule } of (await prober.plan(account, catalogue)).questions) asked.add(rule);
    }
    expect([...asked].toSorted()).toEqual(Object.keys(READING_RULES).toSorted());
  });
});

function answerOf(status: number, ...chunks: readonly Buffer[]): UpstreamAnswer {
  return {
    status,
    header: () => undefined,
    body: (async function* () {
      yield* chunks;
    })(),
  };
}

const READY = () => answerOf(200, text('ready'), frame('contextUsageEvent', { contextUsagePercentage: 1 }));
const REFUSED = () => answerOf(400, Buffer.from(JSON.stringify({ message: 'Improperly formed request.' })));

async function probe(answer: (body: string) => UpstreamAnswer) {
  const bodies: string[] = [];
  const send: SendUpstream = async ({ body }) => {
    bodies.push(String(body));
    return answer(String(body));
  };
  const prober = new Prober({ upstream: createCodewhisperer(SHIPPED_PROFILES), probes: PROBES, send });
  const plan = await prober.plan(ACCOUNT, { models: [modelOf('cheap', 0.1)], defaultModelId: 'cheap' });
  const readings: Record<string, string | undefined> = {};
  for await (const { rule, reading } of prober.run(plan, new AbortController().signal)) readings[rule] = reading;
  return { readings, bodies, sent: prober.sent };
}

describe('the result of a probe', () => {
  it('is the bolder reading of every rule if the service accepts everything', async () => {
    const { readings, bodies, sent } = await probe(READY);
    for (const [rule, { readings: all, safest }] of Object.entries(READING_RULES))
      if (rule in readings) expect(Object.keys(all).filter((reading) => reading !== safest)).toContain(readings[rule]);
    expect(readings).toMatchObject({
      'tool-description-length': 'long',
      'cache-points': 'sent',
      'context-window': 'unknown',
    });
    expect(sent).toBe(bodies.length);
  });

  it('is unclear if neither reading is accepted', async () => {
    const { readings } = await probe((body) => (body.includes('read_file') ? REFUSED() : READY()));
    expect(readings).toMatchObject({
      'blank-turn': 'space',
      'empty-required': undefined,
      'tool-name-start': undefined,
    });
  });

  it('is the error of the service if it refuses even the safest chat', async () => {
    await expect(probe(REFUSED)).rejects.toMatchObject({ code: 'upstream_refused' });
  });
});
