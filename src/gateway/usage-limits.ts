/** Asks the service how much of an account's plan is left. */
import { GatewayError } from '../core/errors.ts';
import type { UsageLimits } from '../core/usage-limits.ts';
import type { Upstream, UpstreamRequest } from '../upstreams/upstream.ts';
import { authorized, explainRefusal, isSuccess, readText } from './context.ts';
import type { Lease, SendUpstream } from './ports.ts';

const MAX_BYTES = 1024 * 1024;

type LeasedAccount = Pick<Lease, 'accountId' | 'access' | 'accessToken' | 'proxy' | 'sign'>;

export interface UsageLimitsContext {
  readonly upstream: Pick<Upstream, 'usageLimits' | 'explainFailure'>;
  readonly send: SendUpstream;
}

/** Rejects with the service's refusal. If both forms of the request are refused, that is the refusal of the first. */
export async function readUsageLimits(
  context: UsageLimitsContext,
  account: LeasedAccount,
  signal: AbortSignal,
): Promise<UsageLimits> {
  const { usageLimits } = context.upstream;
  try {
    return await readOnce(context, usageLimits.encode(account.access), account, signal);
  } catch (cause) {
    const otherForm = usageLimits.encodeAfter(account.access, GatewayError.from(cause));
    if (!otherForm) throw cause;
    return readOnce(context, otherForm, account, signal).catch(() => Promise.reject(cause));
  }
}

async function readOnce(
  { upstream, send }: UsageLimitsContext,
  request: UpstreamRequest,
  account: LeasedAccount,
  signal: AbortSignal,
): Promise<UsageLimits> {
  const answer = await send(authorized(request, account), signal);
  if (!isSuccess(answer)) throw await explainRefusal(upstream, answer, request);
  return upstream.usageLimits.decode(await readText(answer, MAX_BYTES));
}
