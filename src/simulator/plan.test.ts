import { describe, expect, it } from 'vitest';
import { chat, DEFAULT, eventsOf, open, simulator } from '../../test/support/simulator-client.ts';
import { DEFAULT_ACCOUNT } from './default-accounts.ts';
import type { SimulatedPlan } from './identities.ts';

const JANUARY = Date.UTC(2026, 0, 20);
const FEBRUARY = Date.UTC(2026, 1, 1);

interface Limits {
  readonly usageBreakdownList: readonly Record<string, unknown>[];
  readonly limits: readonly object[];
}

async function start(plan: SimulatedPlan, credits: { used: number; limit: number }) {
  let nowMs = JANUARY;
  await open({ clock: () => nowMs, accounts: [{ ...DEFAULT_ACCOUNT, plan, credits }], accessTokenLifeS: 1e9 });
  return {
    /** The cost of a reply, or the reason of an error. */
    async ask(): Promise<unknown> {
      const answer = await chat();
      if (answer.status !== 200) return ((await answer.json()) as { reason: string }).reason;
      return (await eventsOf(answer)).find(({ name }) => name === 'meteringEvent')?.payload.usage;
    },
    limits: async () =>
      (await (await fetch(`${simulator.url}/getUsageLimits?origin=CLI`, { headers: DEFAULT })).json()) as Limits,
    goTo: (ms: number) => (nowMs = ms),
  };
}

describe('a plan', () => {
  it('that counts requests responds with throttling, one of credits with 402', async () => {
    for (const [plan, status, name] of [
      [{ countsRequests: true }, 429, 'ThrottlingException'],
      [{}, 402, 'ServiceQuotaExceededException'],
    ] as const) {
      await start(plan, { used: 50, limit: 50 });
      const refused = await chat();
      expect([refused.status, refused.headers.get('x-amzn-errortype')]).toEqual([status, name]);
      expect(await refused.json()).toMatchObject({ reason: 'MONTHLY_REQUEST_COUNT' });
    }
  });

  it('uses the trial first, then bonuses, then its own credits', async () => {
    const extras = [
      { kind: 'trial', name: 'Trial', limit: 0.005, expiresAtMs: FEBRUARY },
      { kind: 'bonus', name: 'Welcome bonus', limit: 0.001, expiresAtMs: FEBRUARY },
      { kind: 'bonus', name: 'Old bonus', limit: 100, expiresAtMs: JANUARY },
    ] as const;
    const { ask, limits } = await start({ extras }, { used: 0, limit: 50 });
    const cost = Number(await ask());
    const own = Number((cost - 0.006).toFixed(6));
    expect(own).toBeGreaterThan(0);
    expect((await limits()).usageBreakdownList).toMatchObject([
      {
        currentUsageWithPrecision: own,
        freeTrialInfo: { freeTrialStatus: 'ACTIVE', currentUsageWithPrecision: 0.005, usageLimitWithPrecision: 0.005 },
        bonuses: [
          { bonusCode: 'WELCOME_BONUS', status: 'EXHAUSTED', currentUsage: 0.001, usageLimit: 0.001 },
          { bonusCode: 'OLD_BONUS', status: 'EXPIRED', currentUsage: 0 },
        ],
      },
    ]);
  });

  it('serves while a trial lasts, even if its own credits are used up', async () => {
    const extras = [{ kind: 'trial', name: 'Trial', limit: 100, expiresAtMs: JANUARY + 1_000 }] as const;
    const { ask, goTo } = await start({ extras }, { used: 50, limit: 50 });
    expect(await ask()).toBeGreaterThan(0);
    goTo(JANUARY + 1_000);
    expect(await ask()).toBe('MONTHLY_REQUEST_COUNT');
  });

  it('allows paid overage up to a cap', async () => {
    const { ask, limits } = await start({ overage: { cap: 0.001 } }, { used: 50, limit: 50 });
    const cost = await ask();
    expect((await limits()).usageBreakdownList).toMatchObject([
      { currentUsageWithPrecision: 50, currentOveragesWithPrecision: cost, overageRate: 0.04 },
    ]);
    expect(await limits()).toMatchObject({ overageConfiguration: { overageStatus: 'ENABLED', overageLimit: 0.001 } });
    expect(await ask()).toBe('OVERAGE_REQUEST_LIMIT_EXCEEDED');
  });

  it('may count requests instead', async () => {
    const { ask, limits } = await start({ countsRequests: true }, { used: 1, limit: 2 });
    await ask();
    expect(await limits()).toMatchObject({
      usageBreakdownList: [],
      limits: [{ type: 'AGENTIC_REQUEST', currentUsage: 2, totalUsageLimit: 2, percentUsed: 100 }],
    });
    expect(await ask()).toBe('MONTHLY_REQUEST_COUNT');
  });

  it('resets on the first of the month', async () => {
    const { ask, goTo } = await start({}, { used: 50, limit: 50 });
    expect(await ask()).toBe('MONTHLY_REQUEST_COUNT');
    goTo(FEBRUARY);
    expect(await ask()).toBeGreaterThan(0);
  });
});

describe('the simulator', () => {
  it('answers one account by a rule of its own, and records whose request it was', async () => {
    await start({}, { used: 0, limit: 50 });
    simulator.addReplies({ when: { account: 'nobody' }, refuse: { status: 500 } });
    simulator.addReplies({ when: { account: 'default' }, refuse: { status: 404 } });
    expect((await chat()).status).toBe(404);
    expect(simulator.requests.map((request) => simulator.accountOf(request))).toEqual(['default']);
  });
});
