/** One result of `dragoman doctor`. */
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Terminal } from '../terminal.ts';

type Check = 'settings' | 'program' | 'database' | 'network' | 'clock' | 'account' | 'profiles' | 'models' | 'answer';
type Status = 'ok' | 'warning' | 'failed' | 'skipped';

export interface Finding {
  readonly check: Check;
  /** The account, setting or address that was checked; null: there is only one. */
  readonly subject: string | null;
  readonly status: Status;
  /** What was found, in a sentence. */
  readonly detail: string;
  /** What to do about it; null if there is nothing to do, or the detail says it. */
  readonly remedy: string | null;
}

type About = Pick<Finding, 'check'> & { readonly subject?: string };

export function ok(about: About, detail: string): Finding {
  return { subject: null, ...about, status: 'ok', detail, remedy: null };
}

export function warning(about: About, detail: string, remedy: string | null = null): Finding {
  return { subject: null, ...about, status: 'warning', detail, remedy };
}

export function failed(about: About, detail: string, remedy: string | null = null): Finding {
  return { subject: null, ...about, status: 'failed', detail, remedy };
}

export function skipped(about: About, detail: string): Finding {
  return { subject: null, ...about, status: 'skipped', detail, remedy: null };
}

/** An error that any other command would have printed. */
export function failedWith(about: About, cause: unknown): Finding {
  const error = GatewayError.from(cause);
  return failed(about, error.details, REMEDIES[error.code] ?? null);
}

/** For errors whose messages do not say what to do. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  credential_rejected:
    'Sign in again with `dragoman login`, or import the sign-in again with `dragoman accounts import`.',
  token_rejected: 'Run `dragoman accounts refresh`. If that fails, sign in again with `dragoman login`.',
  account_suspended: 'Contact AWS support from the account itself. Until then, use another account.',
  quota_exhausted:
    'Wait until the plan resets, change the plan, or add another account. `dragoman usage` shows the date.',
  daily_limit: 'Wait until tomorrow, or add another account.',
  permission_denied: 'Ask the administrator of the organisation to assign this user to Amazon Q Developer or Kiro.',
  feature_not_supported: 'The plan of this account does not include it. Use another account.',
  profile_required:
    'Run `dragoman accounts set --profile-arn ARN`, with an ARN from the administrator of the organisation.',
  upstream_throttled: 'Try again in a minute.',
  upstream_overloaded: 'Try again in a minute.',
  upstream_timeout: 'Check the connection, or raise DRAGOMAN_FIRST_BYTE_TIMEOUT_MS.',
};

const SIGNS: Readonly<Record<Status, { sign: string; colour: 'green' | 'yellow' | 'red' | 'dim' }>> = {
  ok: { sign: '✓', colour: 'green' },
  warning: { sign: '!', colour: 'yellow' },
  failed: { sign: '✗', colour: 'red' },
  skipped: { sign: '–', colour: 'dim' },
};

const CHECK_WIDTH = 9;

/** `✓ account   work: …`, and a line with the remedy below it. */
export function findingText({ check, subject, status, detail, remedy }: Finding, { style }: Terminal): string {
  const { sign, colour } = SIGNS[status];
  const head = `${style(colour, sign)} ${style('bold', check.padEnd(CHECK_WIDTH))}`;
  const line = `${head} ${subject === null ? '' : `${subject}: `}${detail}\n`;
  return remedy === null ? line : `${line}${' '.repeat(CHECK_WIDTH + 3)}${style('cyan', '→')} ${remedy}\n`;
}

/** `7 checks passed, 1 warning, 1 failed.` */
export function summaryText(findings: readonly Finding[]): string {
  const count = (status: Status) => findings.filter((finding) => finding.status === status).length;
  const warnings = count('warning');
  return `${count('ok')} passed, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${count('failed')} failed.\n`;
}
