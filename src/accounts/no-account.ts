/** Why there is no account to lend, in words a person can act on. */
import { GatewayError } from '../core/errors.ts';
import type { AccountState } from './health.ts';

const WORDS: Record<AccountState['status'], string> = {
  ready: 'already tried for this request',
  cooling: 'resting',
  exhausted: 'out of quota',
  suspended: 'suspended by the service',
  'signed-out': 'signed out (`dragoman login`)',
  disabled: 'switched off',
};

export function noAccount(states: readonly AccountState[], nowMs: number): GatewayError {
  if (states.length === 0) {
    return new GatewayError('no_account', 'No account is signed in. Run `dragoman login`, then try again.');
  }
  const counts = new Map<string, number>();
  for (const state of states) {
    const isBack = 'untilMs' in state && state.untilMs <= nowMs;
    const words = WORDS[isBack ? 'ready' : state.status];
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  const until = states.flatMap((state) => ('untilMs' in state && state.untilMs > nowMs ? [state.untilMs] : []));
  const firstMs = until.length === 0 ? undefined : Math.min(...until);
  const why = [...counts].map(([words, count]) => `${count} ${words}`).join(', ');
  const back = firstMs === undefined ? '' : ` The first is back at ${new Date(firstMs).toISOString()}.`;
  return new GatewayError('no_account', `No account is ready: ${why}.${back}`, {
    retryAfterMs: firstMs === undefined ? undefined : firstMs - nowMs,
  });
}
