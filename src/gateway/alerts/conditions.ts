/** Which conditions need the owner's attention, from what the gateway knows at one moment. Pure. */
import type { AccountState } from '../../accounts/health.ts';
import { isoTime } from '../../core/times.ts';

/** When each begins, as in docs/admin-api.md. */
export const ALERT_TYPES = {
  'account-signed-out': 'an account must sign in again',
  'account-suspended': 'the service has locked an account',
  'account-out-of-quota': 'the plan of an account is used up',
  'no-account-ready': 'no enabled account has been able to answer for half a minute',
  'budget-warning': "80 % of an account's plan or of a key's budget is used",
  'budget-reached': "a key's budget is used up",
  'error-rate': '`DRAGOMAN_ALERT_ERROR_PERCENT` of at least 20 requests within five minutes have failed',
} as const satisfies Record<string, string>;

export type AlertType = keyof typeof ALERT_TYPES;

export interface AlertSubject {
  readonly kind: 'account' | 'key';
  readonly id: string;
  readonly label: string;
}

/** Holds at the moment. */
export interface Condition {
  /** The same for the same condition: `account-signed-out:aws-4f1c`. */
  readonly id: string;
  readonly type: AlertType;
  readonly severity: 'warning' | 'critical';
  readonly subject: AlertSubject | undefined;
  /** What has happened and what to do, in English. Without secrets. */
  readonly message: string;
}

interface AccountFacts {
  readonly id: string;
  readonly label: string;
  readonly state: AccountState;
  readonly isReady: boolean;
}

export interface BudgetFacts {
  readonly subject: AlertSubject;
  /** `plan`: what the account's owner has bought. */
  readonly period: 'day' | 'month' | 'plan';
  readonly used: number;
  readonly limit: number;
  readonly resetsAtMs: number | undefined;
}

interface RateFacts {
  /** Answered and failed requests of the last minutes. */
  readonly requests: number;
  readonly failed: number;
  readonly minutes: number;
  /** Percent; 0: never. */
  readonly limitPercent: number;
}

export interface AlertFacts {
  readonly accounts: readonly AccountFacts[];
  readonly budgets: readonly BudgetFacts[];
  readonly rate: RateFacts;
}

const WARNING_SHARE = 0.8;
/** A rate of a few requests says nothing. */
const MIN_REQUESTS = 20;

export function conditionsOf({ accounts, budgets, rate }: AlertFacts): readonly Condition[] {
  return [
    ...accounts.flatMap(accountConditions),
    ...noAccountReady(accounts),
    ...budgets.flatMap(budgetConditions),
    ...errorRate(rate),
  ];
}

function accountConditions({ id, label, state, isReady }: AccountFacts): readonly Condition[] {
  if (isReady) return [];
  const subject = { kind: 'account', id, label } as const;
  switch (state.status) {
    case 'signed-out':
      return [
        condition(
          'account-signed-out',
          'critical',
          subject,
          `Account ${label} must sign in again: run "dragoman login".`,
        ),
      ];
    case 'suspended':
      return [
        condition(
          'account-suspended',
          'critical',
          subject,
          `The service has locked account ${label}. It is checked every four hours.`,
        ),
      ];
    case 'exhausted':
      return [
        condition(
          'account-out-of-quota',
          'warning',
          subject,
          `The plan of account ${label} is used up until ${isoTime(state.untilMs)}.`,
        ),
      ];
    case 'ready':
    case 'cooling':
    case 'disabled':
      return [];
  }
}

/** Accounts that the operator has disabled do not count. */
function noAccountReady(accounts: readonly AccountFacts[]): readonly Condition[] {
  const inUse = accounts.filter(({ state }) => !(state.status === 'disabled' && state.by === 'operator'));
  if (inUse.length === 0 || inUse.some(({ isReady }) => isReady)) return [];
  const times = inUse.flatMap(({ state }) => ('untilMs' in state ? [state.untilMs] : []));
  const next = times.length === 0 ? '' : ` The first one is expected back at ${isoTime(Math.min(...times))}.`;
  const message = `None of ${inUse.length} account${inUse.length === 1 ? '' : 's'} can answer requests.${next}`;
  return [condition('no-account-ready', 'critical', undefined, message)];
}

function budgetConditions({ subject, period, used, limit, resetsAtMs }: BudgetFacts): readonly Condition[] {
  if (!(limit > 0) || used < limit * WARNING_SHARE) return [];
  const share = `${Math.floor((used / limit) * 100)} % (${figure(used)} of ${figure(limit)} credits)`;
  const what = `${subject.kind === 'key' ? 'Key' : 'Account'} ${subject.label}`;
  const until = resetsAtMs === undefined ? '' : ` until ${isoTime(resetsAtMs)}`;
  const of = period === 'plan' ? 'its plan' : `its budget of this ${period}`;
  // A plan that is used up has a condition of its own, when the service refuses a request.
  if (used < limit || period === 'plan') {
    const message = `${what} has used ${share} of ${of}${until}.`;
    return [condition('budget-warning', 'warning', subject, message, period)];
  }
  const message = `${what} has used up ${of}: ${share}. Its requests are refused${until}.`;
  return [condition('budget-reached', 'critical', subject, message, period)];
}

function errorRate({ requests, failed, minutes, limitPercent }: RateFacts): readonly Condition[] {
  if (limitPercent === 0 || requests < MIN_REQUESTS || failed * 100 < requests * limitPercent) return [];
  const message = `${Math.round((failed / requests) * 100)} % of the requests of the last ${minutes} minutes failed (${failed} of ${requests}).`;
  return [condition('error-rate', 'critical', undefined, message)];
}

function condition(
  type: AlertType,
  severity: Condition['severity'],
  subject: AlertSubject | undefined,
  message: string,
  detail?: string,
): Condition {
  const id = [type, subject?.id, detail].filter((part) => part !== undefined).join(':');
  return { id, type, severity, subject, message };
}

function figure(value: number): string {
  return String(Math.round(value * 100) / 100);
}
