/** Checks through which wire profiles the service accepts an account. None of it costs credits. */
import type { Account } from '../../accounts/ports.ts';
import type { Composed } from '../../compose.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import { type Finding, failed, ok, skipped, warning } from './finding.ts';

const TIMEOUT_MS = 15_000;

type Outcome =
  | { readonly id: string; readonly status: 'accepted' }
  | { readonly id: string; readonly status: 'unchecked' }
  | { readonly id: string; readonly status: 'refused'; readonly error: GatewayError };

/** `order`: the profiles for this kind of account, the first choice first. */
export async function wireProfileFinding(
  { id, label }: Account,
  order: readonly string[],
  composed: Pick<Composed, 'accounts' | 'checkWireProfile'>,
): Promise<Finding> {
  const about = { check: 'profiles', subject: label } as const;
  const { access } = await composed.accounts.lent(id);
  const outcomes = await Promise.all(order.map((profile) => outcomeOf(id, profile, composed)));
  const current = outcomes.find((outcome) => outcome.id === access.wireProfile);
  const accepted = outcomes.filter(({ status }) => status === 'accepted').map((outcome) => outcome.id);
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'refused' ? [outcome] : []));
  if (!current || current.status === 'unchecked')
    return skipped(about, `${access.wireProfile} cannot be checked without a chat`);
  if (refused.length === outcomes.length && refused.every(({ error }) => error.upstream === undefined))
    return skipped(about, 'not checked, since the service cannot be reached');
  const others = refused.map(({ id: profile, error }) => `${profile} (${reasonOf(error)})`).join(', ');
  const also = others === '' ? '' : `; the service refuses ${others}`;
  if (current.status === 'accepted')
    return ok(about, `uses ${access.wireProfile}; accepted: ${accepted.join(', ')}${also}`);
  const [next] = accepted;
  const what = `the service refuses ${access.wireProfile}: ${current.error.details}`;
  if (next !== undefined) return warning(about, what, `Nothing: requests move on to ${next} by themselves.`);
  return failed(about, what, remedyOf(current.error, access.profileArn));
}

/** A foreign profile ARN is answered like an invalid token. */
function remedyOf({ code }: GatewayError, profileArn: string | undefined): string {
  if (ABOUT_IDENTITY.has(code) && profileArn !== undefined)
    return (
      `Check the profile ARN ${profileArn}: it must belong to this account, and its region decides where requests go. ` +
      '`dragoman accounts set --profile-arn none` removes it, `dragoman login` finds the right one.'
    );
  return 'docs/wire-profiles.md explains how to add a profile for a new address or form of the service.';
}

const ABOUT_IDENTITY: ReadonlySet<ErrorCode> = new Set(['token_rejected', 'permission_denied']);

async function outcomeOf(
  accountId: string,
  id: string,
  { checkWireProfile }: Pick<Composed, 'checkWireProfile'>,
): Promise<Outcome> {
  try {
    const models = await checkWireProfile(accountId, id, AbortSignal.timeout(TIMEOUT_MS));
    return models === undefined ? { id, status: 'unchecked' } : { id, status: 'accepted' };
  } catch (cause) {
    return { id, status: 'refused', error: GatewayError.from(cause) };
  }
}

function reasonOf({ code, upstream }: GatewayError): string {
  return upstream ? `${upstream.status} ${upstream.reason ?? upstream.name ?? code}` : code;
}
