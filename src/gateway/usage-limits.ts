/** One question to the service: what is left of an account's plan. */
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { UsageLimits } from '../core/usage-limits.ts';
import { explainFailure } from '../upstreams/codewhisperer/failures.ts';
import { encodeUsageLimits } from '../upstreams/codewhisperer/operations.ts';
import { SHIPPED_PROFILES, type WireProfiles } from '../upstreams/codewhisperer/profiles.ts';
import { decodeUsageLimits } from '../upstreams/codewhisperer/usage-limits.ts';
import { authorized, explainRefusal, isSuccess, readText } from './context.ts';
import type { Lease, SendUpstream } from './ports.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * Rejects with what the service said. Some of its hosts refuse the profile here which they want everywhere else, so a
 * refusal is asked about once more without it.
 */
export async function readUsageLimits(
  send: SendUpstream,
  lease: Omit<Lease, 'release'>,
  signal: AbortSignal,
  profiles: WireProfiles = SHIPPED_PROFILES,
): Promise<UsageLimits> {
  const ask = (asked: Omit<Lease, 'release'>) => readOnce(send, asked, signal, profiles);
  try {
    return await ask(lease);
  } catch (cause) {
    const { profileArn } = lease.access;
    if (profileArn === undefined || !MAYBE_THE_PROFILE.has(GatewayError.from(cause).code)) throw cause;
    const region = profileArn.split(':')[3] ?? lease.access.region;
    const access = { ...lease.access, region, profileArn: undefined };
    // Of two refusals the first one is about the account as it is.
    return ask({ ...lease, access }).catch(() => Promise.reject(cause));
  }
}

const MAYBE_THE_PROFILE: ReadonlySet<ErrorCode> = new Set([
  'upstream_refused',
  'permission_denied',
  'feature_not_supported',
  'token_rejected',
]);

async function readOnce(
  send: SendUpstream,
  lease: Omit<Lease, 'release'>,
  signal: AbortSignal,
  profiles: WireProfiles,
): Promise<UsageLimits> {
  const request = encodeUsageLimits(lease.access, profiles);
  const answer = await send(authorized(request, lease), signal);
  if (!isSuccess(answer)) throw await explainRefusal({ explainFailure }, answer, request);
  return decodeUsageLimits(await readText(answer, MAX_BYTES));
}
