import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../core/errors.ts';
import { quotaOf } from '../../core/usage-limits.ts';
import { decodeUsageLimits } from './usage-limits.ts';

const NOW = 1_768_478_400_000;
const RESET_S = 1_769_904_000;

const PRO = { type: 'Q_DEVELOPER_STANDALONE_PRO', subscriptionTitle: 'KIRO PRO' };
const CREDITS = {
  resourceType: 'CREDIT',
  displayName: 'Credit',
  displayNamePlural: 'Credits',
  currentUsage: 17,
  currentUsageWithPrecision: 17.42,
  usageLimit: 50,
  usageLimitWithPrecision: 50,
  currentOverages: 0,
  overageCharges: 0,
  currency: 'USD',
};

function decode(answer: object) {
  const limits = decodeUsageLimits(JSON.stringify(answer));
  return { ...limits, quota: quotaOf(limits, NOW) };
}

describe('usage limits', () => {
  it('of Kiro include credits of the plan, the trial and bonuses', () => {
    const answer = decode({
      nextDateReset: RESET_S,
      subscriptionInfo: PRO,
      overageConfiguration: { overageStatus: 'DISABLED' },
      usageBreakdownList: [
        {
          ...CREDITS,
          freeTrialInfo: {
            freeTrialStatus: 'ACTIVE',
            freeTrialExpiry: 1_769_212_800,
            currentUsageWithPrecision: 3.1,
            usageLimit: 500,
          },
          bonuses: [
            {
              displayName: 'Welcome bonus',
              status: 'ACTIVE',
              expiresAt: 1_772_323_200,
              currentUsage: 0,
              usageLimit: 100,
            },
            { bonusCode: 'OLD', status: 'EXPIRED', expiresAt: 1, currentUsage: 0, usageLimit: 100 },
            { bonusCode: 'SPENT', status: 'EXHAUSTED', expiresAt: 1_772_323_200, currentUsage: 20, usageLimit: 20 },
          ],
        },
      ],
      limits: [],
    });
    expect(answer).toEqual({
      plan: 'KIRO PRO',
      resetAtMs: RESET_S * 1000,
      allowances: [
        { kind: 'plan', name: 'Credits', used: 17.42, limit: 50, expiresAtMs: undefined },
        { kind: 'trial', name: 'Free trial', used: 3.1, limit: 500, expiresAtMs: 1_769_212_800_000 },
        { kind: 'bonus', name: 'Welcome bonus', used: 0, limit: 100, expiresAtMs: 1_772_323_200_000 },
        { kind: 'bonus', name: 'SPENT', used: 20, limit: 20, expiresAtMs: 1_772_323_200_000 },
      ],
      overage: undefined,
      quota: { used: 40.52, limit: 670, left: 629.48, shareLeft: 629.48 / 670 },
    });
  });

  it('of Q Developer include requests and no other features', () => {
    const answer = decode({
      limits: [
        { type: 'CODE_COMPLETIONS', currentUsage: 2_000, totalUsageLimit: 2_000, percentUsed: 100 },
        { type: 'AGENTIC_REQUEST', currentUsage: 40, totalUsageLimit: 50, percentUsed: 80 },
      ],
      daysUntilReset: 12,
      nextDateReset: RESET_S + 0.5,
    });
    expect(answer).toMatchObject({ plan: undefined, resetAtMs: RESET_S * 1000 + 500 });
    expect(answer.allowances).toEqual([
      { kind: 'plan', name: 'Requests', used: 40, limit: 50, expiresAtMs: undefined },
    ]);
    expect(answer.quota).toEqual({ used: 40, limit: 50, left: 10, shareLeft: 0.2 });
  });

  it('of the older shape come from a single breakdown with its own date', () => {
    const answer = decode({
      subscriptionInfo: { type: 'Q_DEVELOPER_STANDALONE_FREE' },
      usageBreakdown: {
        ...CREDITS,
        resourceType: 'VIBE',
        displayNamePlural: '',
        displayName: '',
        nextDateReset: '2026-02-01T00:00:00Z',
      },
    });
    expect(answer).toMatchObject({ plan: 'Q_DEVELOPER_STANDALONE_FREE', resetAtMs: RESET_S * 1000 });
    expect(answer.allowances).toMatchObject([{ name: 'Vibe', used: 17.42, limit: 50 }]);
  });

  it.each<[string, object, object, number]>([
    ['with a cap', { overageStatus: 'ENABLED', overageLimit: 40 }, { currentOverages: 5, overageCharges: 0.2 }, 35],
    [
      'with the cap in the breakdown',
      { overageStatus: 'ENABLED' },
      { overageCap: 10, currentOveragesWithPrecision: 2.5 },
      7.5,
    ],
    ['without a cap', { overageStatus: 'ENABLED' }, {}, Number.POSITIVE_INFINITY],
    ['disabled again', { overageStatus: 'DISABLED' }, { currentOverages: 5 }, 0],
  ])('count what may be used beyond the plan: %s', (_name, overageConfiguration, more, left) => {
    const usedUp = { ...CREDITS, currentUsageWithPrecision: 50, ...more };
    const { quota } = decode({ overageConfiguration, usageBreakdownList: [usedUp] });
    expect(quota).toMatchObject({ left, shareLeft: 0 });
  });

  it('leave out an expired trial, by its status or its date', () => {
    const trial = (freeTrialStatus: string, freeTrialExpiry: number) => {
      const freeTrialInfo = { freeTrialStatus, freeTrialExpiry, currentUsage: 0, usageLimit: 500 };
      return decode({ usageBreakdownList: [{ ...CREDITS, freeTrialInfo }] }).quota?.limit;
    };
    expect([trial('ACTIVE', RESET_S), trial('EXPIRED', RESET_S), trial('ACTIVE', 1)]).toEqual([550, 50, 50]);
  });

  it.each<[string, object]>([
    ['there are none', {}],
    ['they are about other features', { limits: [{ type: 'TRANSFORM' }, { type: 'CODE_COMPLETIONS' }] }],
    ['the plan has none', { usageBreakdownList: [{ ...CREDITS, usageLimit: 0, usageLimitWithPrecision: 0 }] }],
    [
      'they have an unknown shape',
      { usageBreakdownList: [null, 7, 'x'], limits: {}, nextDateReset: 'soon', subscriptionInfo: 1 },
    ],
  ])('are unknown when %s', (_name, answer) => {
    expect(decode(answer).quota).toBeUndefined();
  });

  it.each(['', 'x', '[]', 'null'])('refuse %j', (body) => {
    expect(() => decodeUsageLimits(body)).toThrow(GatewayError);
  });
});
