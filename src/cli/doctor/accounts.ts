/** Checks each account as requests will use it: state, token, profile, plan. None of it costs credits. */
import { hasProfiles, profileArnOf } from '../../accounts/credentials.ts';
import type { Account } from '../../accounts/ports.ts';
import type { Composed } from '../../compose.ts';
import { isoTime } from '../../core/times.ts';
import { quotaOf } from '../../core/usage-limits.ts';
import { toAccountView } from '../../http/admin/account-view.ts';
import { systemClock } from '../../transport/clock.ts';
import { stateText } from '../accounts-list.ts';
import { type Finding, failed, failedWith, ok, warning } from './finding.ts';
import { wireProfileFinding } from './profiles.ts';

/** Of a plan: below this share, the owner should know. */
const LOW_SHARE = 0.1;

type Examined = Pick<Composed, 'accounts' | 'checkWireProfile'>;

/** `orderFor`: the wire profiles for a kind of account. */
export async function* accountFindings(
  composed: Examined,
  orderFor: (kind: string) => readonly string[],
): AsyncGenerator<Finding> {
  const { accounts } = composed;
  const all = accounts.list();
  if (all.length === 0) {
    const remedy = 'Sign in with `dragoman login`, or run `dragoman accounts import` to use a sign-in of this machine.';
    yield failed({ check: 'account' }, 'no account is signed in', remedy);
  }
  for (const account of all) yield* oneAccount(account, composed, orderFor(account.credential.kind));
}

async function* oneAccount(account: Account, composed: Examined, order: readonly string[]): AsyncGenerator<Finding> {
  const { accounts } = composed;
  const about = { check: 'account', subject: account.label } as const;
  if (account.health.state.status === 'disabled') {
    yield warning(about, 'is disabled', `Enable it with \`dragoman accounts enable ${account.id}\`.`);
    return;
  }
  yield stateFinding(account);
  try {
    const { accessToken } = await accounts.fresh(account.id);
    const { expiresAtMs } = accessToken;
    const until = Number.isFinite(expiresAtMs) ? ` until ${isoTime(expiresAtMs)}` : '';
    yield ok(about, `its ${account.credential.kind} credential gives access${until}`);
  } catch (cause) {
    yield failedWith(about, cause);
    return;
  }
  if (hasProfiles(account.credential) && (profileArnOf(account.credential) ?? account.learned.profileArn) === undefined)
    yield warning(about, 'has no profile yet', 'dragoman looks for it at the first request.');
  const plan = await planFinding(account, accounts);
  yield plan;
  yield await wireProfileFinding(account, order, composed);
}

function stateFinding(account: Account): Finding {
  const about = { check: 'account', subject: account.label } as const;
  const nowMs = systemClock.now();
  const { state } = toAccountView(account, nowMs);
  const text = `is ${stateText(state, nowMs)}${state.message === null ? '' : `: ${state.message}`}`;
  return state.status === 'ready' ? ok(about, text) : warning(about, text);
}

/** Reading the plan also shows that region, profile and wire profile fit the account. */
async function planFinding({ id, label }: Account, accounts: Composed['accounts']): Promise<Finding> {
  const about = { check: 'account', subject: label } as const;
  try {
    const { limits, readAtMs } = await accounts.readLimits(id);
    const quota = quotaOf(limits, readAtMs);
    const plan = limits.plan ?? 'its plan';
    if (!quota || !Number.isFinite(quota.left)) return ok(about, `the service reports ${plan} without a limit`);
    const until = limits.resetAtMs === undefined ? '' : `, resets ${isoTime(limits.resetAtMs).slice(0, 10)}`;
    const text = `${shown(quota.left)} of ${shown(quota.limit)} left of ${plan}${until}`;
    if (quota.left <= 0) return failed(about, text, 'Wait for the reset, change the plan, or add another account.');
    return quota.left < quota.limit * LOW_SHARE ? warning(about, text) : ok(about, text);
  } catch (cause) {
    return failedWith(about, cause);
  }
}

function shown(figure: number): string {
  return figure.toLocaleString('en', { maximumFractionDigits: 2 });
}
