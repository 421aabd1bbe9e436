import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_RULES, type ErrorCode } from '../core/errors.ts';
import {
  type AccountState,
  type Health,
  type HealthEvent,
  healedHealth,
  isReady,
  mergeHealth,
  NEW_ACCOUNT,
  nextHealth,
} from './health.ts';

const NOW = Date.UTC(2026, 0, 15, 22, 30);
const MINUTE = 60_000;
const MAX = 5;

function health(state: AccountState, consecutiveFailures = 0): Health {
  return { ...NEW_ACCOUNT, state, consecutiveFailures };
}

const READY: AccountState = { status: 'ready' };
const SUSPENDED: AccountState = { status: 'suspended', lookAgainAtMs: NOW + 240 * MINUTE };
const LOOK_DUE: AccountState = { status: 'suspended', lookAgainAtMs: NOW };
const SIGNED_OUT: AccountState = { status: 'signed-out' };
const OFF: AccountState = { status: 'disabled', by: 'operator' };
const WORN_OUT: AccountState = { status: 'disabled', by: 'errors' };
const cooling = (ms: number): AccountState => ({ status: 'cooling', untilMs: NOW + ms, reason: 'account_throttled' });
const RESET = Date.UTC(2026, 1, 1);
const limits = (left: number | undefined, resetAtMs: number | undefined): HealthEvent => ({
  type: 'limits',
  left,
  resetAtMs,
});
const refusedPermission = (ms: number): AccountState => ({
  status: 'cooling',
  untilMs: NOW + ms,
  reason: 'permission_denied',
});
const failure = (code: ErrorCode, retryAfterMs?: number): HealthEvent => ({ type: 'failure', code, retryAfterMs });
const REFUSED = {
  status: 'exhausted',
  untilMs: NOW + 48 * 60 * MINUTE,
  reason: 'quota_exhausted',
  refusedAtMs: NOW,
} as const satisfies AccountState;
const exhausted = (untilMs: number, reason: ErrorCode): AccountState => ({ status: 'exhausted', untilMs, reason });

describe('numbers from outside', () => {
  const extreme = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(Number.POSITIVE_INFINITY, Number.NaN, -1, 0, 1e15, 1e300, Number.MAX_SAFE_INTEGER),
  );
  const codes = Object.keys(ERROR_RULES) as ErrorCode[]; // of a const object, so nothing else can be in it
  const LIMIT_MS = 32 * 24 * 60 * MINUTE;

  const datesOf = ({ state }: Health) => [
    ...('untilMs' in state ? [state.untilMs] : []),
    ...(state.status === 'suspended' ? [state.lookAgainAtMs ?? 0] : []),
  ];

  it('never become a date more than 32 days ahead, nor an invalid date', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('failure' as const), code: fc.constantFrom(...codes), retryAfterMs: extreme }),
      fc.record({ type: fc.constant('limits' as const), left: extreme, resetAtMs: extreme }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        let after: Health = NEW_ACCOUNT;
        for (const one of events) after = nextHealth(after, one, NOW, 1_000);
        for (const dateMs of datesOf(after)) {
          expect(dateMs).toBeGreaterThanOrEqual(0);
          expect(dateMs).toBeLessThanOrEqual(NOW + LIMIT_MS);
          expect(() => new Date(dateMs).toISOString()).not.toThrow();
        }
      }),
      { seed: 42 },
    );
  });

  it.each<[string, AccountState, AccountState]>([
    ['a cooldown until the year 5195', cooling(99_999_999_999_000), cooling(60 * MINUTE)],
    ['a cooldown without an end', cooling(Number.POSITIVE_INFINITY), cooling(60 * MINUTE)],
    [
      'a quota until the year 5195',
      exhausted(NOW + 99_999_999_999_000, 'quota_exhausted'),
      exhausted(NOW + LIMIT_MS, 'quota_exhausted'),
    ],
    ['a look in the year 5195', { status: 'suspended', lookAgainAtMs: NOW + 99_999_999_999_000 }, SUSPENDED],
    ['a valid cooldown', cooling(5 * MINUTE), cooling(5 * MINUTE)],
    ['a ready account', READY, READY],
  ])('stored by older versions are corrected: %s', (_name, stored, healed) => {
    expect(healedHealth(health(stored), NOW).state).toEqual(healed);
  });
});

describe('nextHealth', () => {
  const rows: [string, Health, HealthEvent, AccountState][] = [
    ['a throttled account cools down for half a minute', health(READY), failure('account_throttled'), cooling(30_000)],
    ['longer each time', health(READY, 2), failure('account_throttled'), cooling(2 * MINUTE)],
    ['until the account is disabled', { ...health(READY, 60), failures: 60 }, failure('account_throttled'), WORN_OUT],
    ['for the retry time of the service', health(READY, 2), failure('account_throttled', 7000), cooling(7000)],
    [
      'a used-up quota means a cooldown of an hour',
      health(READY),
      failure('quota_exhausted'),
      exhausted(NOW + 60 * MINUTE, 'quota_exhausted'),
    ],
    [
      'or until the date the service names',
      health(READY),
      failure('quota_exhausted', 5 * MINUTE),
      { status: 'exhausted', untilMs: NOW + 5 * MINUTE, reason: 'quota_exhausted', refusedAtMs: NOW },
    ],
    [
      'a daily limit lasts until the next UTC day',
      health(READY),
      failure('daily_limit'),
      exhausted(Date.UTC(2026, 0, 16), 'daily_limit'),
    ],
    ['a locked account is suspended', health(READY), failure('account_suspended'), SUSPENDED],
    ['a rejected credential signs the account out', health(READY), failure('credential_rejected'), SIGNED_OUT],
    ['a refused permission is only counted', health(READY), failure('permission_denied'), READY],
    ['too many failures in a row disable the account', health(READY, MAX - 1), failure('permission_denied'), WORN_OUT],
    ['a more specific state stays', health(READY, MAX - 1), failure('credential_rejected'), SIGNED_OUT],
    ['a success after a cooldown makes the account ready', health(cooling(0)), { type: 'success' }, READY],
    ['a success during a cooldown does not', health(cooling(1000)), { type: 'success' }, cooling(1000)],
    [
      'a failure during a cooldown does not prolong it',
      health(cooling(1000), 1),
      failure('permission_denied'),
      cooling(1000),
    ],
    [
      'nor make it shorter',
      health(exhausted(NOW + 90 * MINUTE, 'quota_exhausted')),
      failure('quota_exhausted'),
      exhausted(NOW + 90 * MINUTE, 'quota_exhausted'),
    ],
    [
      'unless the service names a longer time',
      health(cooling(1000)),
      failure('account_throttled', 5000),
      cooling(5000),
    ],
    [
      'a third refused permission in a row starts a cooldown',
      health(READY, 2),
      failure('permission_denied'),
      refusedPermission(30_000),
    ],
    ['longer each time', health(READY, 3), failure('permission_denied'), refusedPermission(MINUTE)],
    ['a success does not undo a suspension', health(SUSPENDED), { type: 'success' }, SUSPENDED],
    ['a success does not undo the operator', health(OFF), { type: 'success' }, OFF],
    ['a late failure does not undo the operator', health(OFF), failure('account_throttled'), OFF],
    ['a late failure does not undo a suspension', health(SUSPENDED), failure('credential_rejected'), SUSPENDED],
    ['a used-up plan lasts until the reset date', health(READY), limits(0, RESET), exhausted(RESET, 'quota_exhausted')],
    [
      'also after a recent refusal',
      health(exhausted(NOW + 60 * MINUTE, 'quota_exhausted')),
      limits(-2, RESET),
      exhausted(RESET, 'quota_exhausted'),
    ],
    [
      'even when only the date is known',
      health(exhausted(NOW + 60 * MINUTE, 'quota_exhausted')),
      limits(undefined, RESET),
      exhausted(RESET, 'quota_exhausted'),
    ],
    [
      'without a date it lasts an hour',
      health(READY),
      limits(0, undefined),
      exhausted(NOW + 60 * MINUTE, 'quota_exhausted'),
    ],
    ['a date in the past is ignored', health(READY), limits(0, NOW), exhausted(NOW + 60 * MINUTE, 'quota_exhausted')],
    ['buying more credits makes it ready again', health(exhausted(RESET, 'quota_exhausted')), limits(5, RESET), READY],
    [
      'figures do not override a recent refusal',
      health(exhausted(NOW + 60 * MINUTE, 'quota_exhausted')),
      limits(5, RESET),
      exhausted(NOW + 60 * MINUTE, 'quota_exhausted'),
    ],
    ['nor a date that the refusal has just named', health(REFUSED), limits(5, RESET), REFUSED],
    ['but an hour later they do', health({ ...REFUSED, refusedAtMs: NOW - 60 * MINUTE }), limits(5, RESET), READY],
    ['figures say nothing about a cooldown', health(cooling(1000)), limits(5, RESET), cooling(1000)],
    ['nor change a disabled account', health(OFF), limits(0, RESET), OFF],
    ['nor about a suspension that began just now', health(SUSPENDED), limits(5, RESET), SUSPENDED],
    [
      'a suspended account is ready again if its limits can be read hours later',
      health(LOOK_DUE, 3),
      limits(5, RESET),
      READY,
    ],
    ['also one that an older version stored', health({ status: 'suspended' }), limits(undefined, undefined), READY],
    ['unless its plan is used up', health(LOOK_DUE), limits(0, RESET), exhausted(RESET, 'quota_exhausted')],
    [
      'one that is still suspended is not checked again for hours',
      health(LOOK_DUE),
      failure('account_suspended'),
      SUSPENDED,
    ],
    ['and is not changed by other failures', health(LOOK_DUE), failure('account_throttled'), LOOK_DUE],
    [
      'a reset date beyond the longest month is capped',
      health(READY),
      limits(0, 1e300),
      exhausted(NOW + 32 * 24 * 60 * MINUTE, 'quota_exhausted'),
    ],
    ['nor about signing in', health(SIGNED_OUT), limits(5, RESET), SIGNED_OUT],
    ['a new credential ends the signed-out state', health(SIGNED_OUT), { type: 'credential-replaced' }, READY],
    ['a new credential does not undo the operator', health(OFF), { type: 'credential-replaced' }, OFF],
    ['nor a suspension', health(SUSPENDED), { type: 'credential-replaced' }, SUSPENDED],
    ['nor a cooldown', health(cooling(1000)), { type: 'credential-replaced' }, cooling(1000)],
    ['the operator switches off', health(READY), { type: 'disable' }, OFF],
    ['and enabled again, whatever the state', health(WORN_OUT, MAX), { type: 'enable' }, READY],
  ];

  it.each(rows)('%s', (_name, before, event, after) => {
    expect(nextHealth(before, event, NOW, MAX).state).toEqual(after);
  });

  it('limits cooldowns to ten minutes', () => {
    const after = nextHealth(health(READY, 40), failure('account_throttled'), NOW, 1000);
    expect(after.state).toEqual(cooling(10 * MINUTE));
  });

  const codes = Object.keys(ERROR_RULES) as ErrorCode[]; // keys of a constant table

  it.each(codes.filter((code) => ERROR_RULES[code].blame !== 'account' || code === 'token_rejected'))(
    '%s does not count against the account',
    (code) => {
      expect(nextHealth(health(READY, MAX), failure(code), NOW, MAX)).toEqual(health(READY, MAX));
    },
  );

  it('counts successes, failures and failures in a row', () => {
    const events: HealthEvent[] = [
      { type: 'success' },
      failure('permission_denied'),
      failure('permission_denied'),
      { type: 'success' },
      failure('permission_denied'),
    ];
    const end = events.reduce((now, event) => nextHealth(now, event, NOW, MAX), NEW_ACCOUNT);
    expect(end).toMatchObject({ successes: 2, failures: 3, consecutiveFailures: 1 });
  });
});

describe('a quota that is refused again and again', () => {
  it.each(['quota_exhausted', 'daily_limit'] as const)('never disables the account: %s', (code) => {
    let nowMs = NOW;
    let now: Health = NEW_ACCOUNT;
    for (let time = 0; time < 3 * MAX; time++) {
      now = nextHealth(now, failure(code), nowMs, MAX);
      expect(now.state).toMatchObject({ status: 'exhausted', reason: code });
      nowMs += 25 * 60 * MINUTE;
    }
    expect(now).toMatchObject({ failures: 3 * MAX, consecutiveFailures: 0 });
  });
});

describe('mergeHealth', () => {
  const known: Health = { state: READY, successes: 10, failures: 2, consecutiveFailures: 1 };
  const rows: [string, Partial<Health>, Partial<Health>, Partial<Health>][] = [
    [
      'counts add up',
      { successes: 13, consecutiveFailures: 0 },
      { successes: 12 },
      { successes: 15, consecutiveFailures: 0 },
    ],
    [
      'failures in a row add up',
      { failures: 3, consecutiveFailures: 2 },
      { failures: 4, consecutiveFailures: 3 },
      { failures: 5, consecutiveFailures: 4 },
    ],
    ['the state of who changed it stays', {}, { state: SUSPENDED }, { state: SUSPENDED }],
    ['ours, when we did', { state: SIGNED_OUT }, {}, { state: SIGNED_OUT }],
    ['a suspension is not replaced by a cooldown', { state: cooling(5) }, { state: SUSPENDED }, { state: SUSPENDED }],
    ['nor by a success', { state: READY, successes: 11 }, { state: SIGNED_OUT }, { state: SIGNED_OUT }],
    ['but a suspension that has ended ends for all', { state: READY }, {}, { state: READY }],
    ['but one follows another', { state: SUSPENDED }, { state: SIGNED_OUT }, { state: SUSPENDED }],
  ];

  it.each(rows)('%s', (_name, ours, stored, merged) => {
    expect(mergeHealth({ ...known, ...ours }, known, { ...known, ...stored })).toMatchObject(merged);
  });
});

describe('an account is ready', () => {
  it.each<[string, AccountState, boolean]>([
    ['when nothing is wrong', READY, true],
    ['not during a cooldown', cooling(1), false],
    ['from the end of its cooldown', cooling(0), true],
    ['not while its quota is used up', exhausted(NOW + 1, 'daily_limit'), false],
    ['once its quota is back', exhausted(NOW, 'daily_limit'), true],
    ['not when suspended', SUSPENDED, false],
    ['not when signed out', SIGNED_OUT, false],
    ['not when disabled', OFF, false],
  ])('%s', (_name, state, ready) => {
    expect(isReady(health(state), NOW)).toBe(ready);
  });
});
