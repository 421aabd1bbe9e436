import { describe, expect, it } from 'vitest';
import type { AccountState } from '../../accounts/health.ts';
import { type AlertFacts, conditionsOf } from './conditions.ts';

const NOTHING: AlertFacts = {
  accounts: [],
  budgets: [],
  rate: { requests: 0, failed: 0, minutes: 5, limitPercent: 20 },
};
const UNTIL_MS = Date.UTC(2027, 0, 1);

function account(state: AccountState, id = 'aws-1') {
  return { id, label: `label of ${id}`, state, isReady: state.status === 'ready' };
}

function idsOf(facts: Partial<AlertFacts>): readonly string[] {
  return conditionsOf({ ...NOTHING, ...facts }).map(({ id }) => id);
}

describe('conditions of accounts', () => {
  const ready = account({ status: 'ready' }, 'aws-2');

  it.each<[AccountState, readonly string[]]>([
    [{ status: 'ready' }, []],
    [{ status: 'cooling', untilMs: UNTIL_MS, reason: 'upstream_throttled' }, []],
    [{ status: 'disabled', by: 'operator' }, []],
    [{ status: 'signed-out' }, ['account-signed-out:aws-1']],
    [{ status: 'suspended' }, ['account-suspended:aws-1']],
    [{ status: 'exhausted', untilMs: UNTIL_MS, reason: 'quota_exhausted' }, ['account-out-of-quota:aws-1']],
  ])('are those of %j', (state, ids) => {
    expect(idsOf({ accounts: [account(state), ready] })).toEqual(ids);
  });

  it('include that none is ready, and when the first one is expected', () => {
    const cooling = account({ status: 'cooling', untilMs: UNTIL_MS, reason: 'upstream_throttled' });
    const later = account({ status: 'cooling', untilMs: UNTIL_MS + 1, reason: 'upstream_throttled' }, 'aws-3');
    const [condition] = conditionsOf({ ...NOTHING, accounts: [later, cooling] });
    expect(condition).toMatchObject({ type: 'no-account-ready', severity: 'critical', subject: undefined });
    expect(condition?.message).toBe(
      'None of 2 accounts can answer requests. The first one is expected back at 2027-01-01T00:00:00.000Z.',
    );
    expect(idsOf({ accounts: [cooling, account({ status: 'disabled', by: 'operator' }, 'aws-4')] })).toEqual([
      'no-account-ready',
    ]);
    expect(idsOf({ accounts: [account({ status: 'disabled', by: 'operator' })] })).toEqual([]);
    expect(idsOf({ accounts: [account({ status: 'disabled', by: 'errors' })] })).toEqual(['no-account-ready']);
  });
});

describe('conditions of budgets', () => {
  const subject = { kind: 'key', id: 'key-1', label: 'ci' } as const;

  it.each([
    [79, []],
    [80, ['budget-warning:key-1:day']],
    [99.9, ['budget-warning:key-1:day']],
    [100, ['budget-reached:key-1:day']],
    [250, ['budget-reached:key-1:day']],
  ])('at %d of 100 credits are %j', (used, ids) => {
    expect(idsOf({ budgets: [{ subject, period: 'day', used, limit: 100, resetsAtMs: UNTIL_MS }] })).toEqual(ids);
  });

  it('say how much is used and until when', () => {
    const [condition] = conditionsOf({
      ...NOTHING,
      budgets: [{ subject, period: 'month', used: 820.126, limit: 1_000, resetsAtMs: UNTIL_MS }],
    });
    expect(condition?.message).toBe(
      'Key ci has used 82 % (820.13 of 1000 credits) of its budget of this month until 2027-01-01T00:00:00.000Z.',
    );
  });

  it('are none without a limit, and only a warning for a plan, whose end the service reports', () => {
    expect(idsOf({ budgets: [{ subject, period: 'day', used: 5, limit: 0, resetsAtMs: undefined }] })).toEqual([]);
    const plan = { subject, period: 'plan', used: 100, limit: 100, resetsAtMs: undefined } as const;
    expect(idsOf({ budgets: [plan] })).toEqual(['budget-warning:key-1:plan']);
  });
});

describe('the condition of many errors', () => {
  it.each([
    [19, 19, 20, []],
    [20, 3, 20, []],
    [20, 4, 20, ['error-rate']],
    [100, 100, 0, []],
  ])('of %d requests, %d failed, with a limit of %d %%: %j', (requests, failed, limitPercent, ids) => {
    expect(idsOf({ rate: { requests, failed, minutes: 5, limitPercent } })).toEqual(ids);
  });
});
