/** Errors for requests that cannot get an account, with the reasons and what to do. */
import { GatewayError } from '../core/errors.ts';
import { isoTime } from '../core/times.ts';
import type { Reason, SkippedAccount } from './choice.ts';
import type { AccountState } from './health.ts';

const DESCRIPTIONS: Record<Reason, string> = {
  tried: 'already tried for this request',
  cooling: 'cooling down',
  exhausted: 'out of quota',
  suspended: 'suspended by the service',
  'signed-out': 'signed out (`dragoman login`)',
  disabled: 'disabled',
  busy: 'at its limit of requests',
  paced: 'paced',
  model: 'without this model',
  group: 'not in this group',
  priority: 'of a lower priority',
};

/** `stateOf`: returns the state of a skipped account. */
export function noAccount(
  skipped: readonly SkippedAccount[],
  stateOf: (accountId: string) => AccountState | undefined,
  nowMs: number,
): GatewayError {
  if (skipped.length === 0) {
    return new GatewayError(
      'no_account',
      'No account is signed in. Run `dragoman login`, or `dragoman accounts import`, then try again.',
    );
  }
  const first = firstReady(skipped);
  const message = `No account is ready: ${inWords(skipped)}.`;
  if (first?.untilMs === undefined) return new GatewayError('no_account', message);
  const state = stateOf(first.accountId);
  // Accounts that become ready by themselves are cooling down for a reason of the service, which the client should receive.
  const code = state && 'reason' in state ? state.reason : 'no_account';
  const readyAt = isoTime(first.untilMs);
  const why = state && 'message' in state && state.message !== undefined ? ` ${state.message}` : '';
  return new GatewayError(code, `${message} The first will be ready at ${readyAt}.${why}`, {
    retryAfterMs: first.untilMs - nowMs,
  });
}

/** For ready accounts that may not have one more request. */
export function accountsBusy(skipped: readonly SkippedAccount[], why: string, retryAfterMs: number): GatewayError {
  return new GatewayError('accounts_busy', `${why} ${inWords(skipped)}.`, { retryAfterMs });
}

export function unknownGroup(group: string): GatewayError {
  const message = `No account is in the group ${group}. Add an account to it, or send the request without a group.`;
  return new GatewayError('invalid_request', message, { param: 'x-dragoman-group' });
}

function firstReady(skipped: readonly SkippedAccount[]): SkippedAccount | undefined {
  let first: SkippedAccount | undefined;
  for (const each of skipped) {
    if (each.untilMs !== undefined && (first?.untilMs === undefined || each.untilMs < first.untilMs)) first = each;
  }
  return first;
}

function inWords(skipped: readonly SkippedAccount[]): string {
  const counts = new Map<string, number>();
  for (const { why } of skipped) counts.set(DESCRIPTIONS[why], (counts.get(DESCRIPTIONS[why]) ?? 0) + 1);
  return [...counts].map(([description, count]) => `${count} ${description}`).join(', ');
}
