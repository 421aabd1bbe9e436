/** One question to the service: what is left of an account's plan. */
import type { UsageLimits } from '../core/usage-limits.ts';
import { explainFailure } from '../upstreams/codewhisperer/failures.ts';
import { encodeUsageLimits } from '../upstreams/codewhisperer/operations.ts';
import { decodeUsageLimits } from '../upstreams/codewhisperer/usage-limits.ts';
import { authorized, explainRefusal, isSuccess, readText } from './context.ts';
import type { Lease, SendUpstream } from './ports.ts';

const MAX_BYTES = 1024 * 1024;

/** Rejects with what the service said. */
export async function readUsageLimits(
  send: SendUpstream,
  lease: Omit<Lease, 'release'>,
  signal: AbortSignal,
): Promise<UsageLimits> {
  const answer = await send(authorized(encodeUsageLimits(lease.access), lease), signal);
  if (!isSuccess(answer)) throw await explainRefusal({ explainFailure }, answer);
  return decodeUsageLimits(await readText(answer, MAX_BYTES));
}
