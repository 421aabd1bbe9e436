import { describe, expect, it } from 'vitest';
import type { Model } from '../core/models.ts';
import { createCodewhisperer } from '../upstreams/codewhisperer/index.ts';
import { SHIPPED_PROFILES } from '../upstreams/codewhisperer/profiles.ts';
import { PROBES } from '../upstreams/codewhisperer/readings/questions.ts';
import { READING_RULES } from '../upstreams/codewhisperer/readings/rules.ts';
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
