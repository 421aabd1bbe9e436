/** Why there is no account to lend, in words a person can act on. */
import { GatewayError } from '../core/errors.ts';
import { isoTime } from '../core/times.ts';
import type { Reason, SkippedAccount } from './choice.ts';
import type { AccountState } from './health.ts';

const WORDS: Record<Reason, string> = {
  tried: 'already tried for this request',
  cooling: 'resting',
  exhausted: 'out of quota',
  suspended: 'suspended by the service',
  'signed-out': 'signed out (`dragoman login`)',
  disabled: 'switched off',
  busy: 'at its limit of requests',
  paced: 'slowed down',
  model: 'without this model',
  group: 'not in this group',
  priority: 'of a lower priority',
};

/** `stateOf` gives what an account which was passed over suffers from. */
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
  const first = firstBack(skipped);
  const message = `No account is ready: ${inWords(skipped)}.`;
  if (first?.untilMs === undefined) return new GatewayError('no_account', message);
  const state = stateOf(first.accountId);
  // All that can come back by themselves rest for a reason of the service's, which is what the client should hear.
  const code = state && 'reason' in state ? state.reason : 'no_account';
  const back = isoTime(first.untilMs);
  const why = state && 'message' in state && state.message !== undefined ? ` ${state.message}` : '';
  return new GatewayError(code, `${message} The first is back at ${back}.${why}`, {
    retryAfterMs: first.untilMs - nowMs,
  });
}

/** Some are ready, and none may have one more request. */
export function accountsBusy(skipped: readonly SkippedAccount[], why: string, retryAfterMs: number): GatewayError {
  return new GatewayError('accounts_busy', `${why} ${inWords(skipped)}.`, { retryAfterMs });
}

export function unknownGroup(group: string): GatewayError {
  const message = `No account is in the group ${group}. Put one into it, or ask without a group.`;
  return new GatewayError('invalid_request', message, { param: 'x-dragoman-group' });
}

function firstBack(skipped: readonly SkippedAccount[]): SkippedAccount | undefined {
  let first: SkippedAccount | undefined;
  for (const passed of skipped) {
    if (passed.untilMs !== undefined && (first?.untilMs === undefined || passed.untilMs < first.untilMs))
      first = passed;
  }
  return first;
}

function inWords(skipped: readonly SkippedAccount[]): string {
  const counts = new Map<string, number>();
  for (const { why } of skipped) counts.set(WORDS[why], (counts.get(WORDS[why]) ?? 0) + 1);
  return [...counts].map(([words, count]) => `${count} ${words}`).join(', ');
}
