/** Whether the service accepts a wire profile from an account: lists the models once, which costs nothing. */
import type { Upstream } from '../upstreams/upstream.ts';
import { authorized, explainRefusal, isSuccess, readText } from './context.ts';
import type { Lease, SendUpstream } from './ports.ts';

const MAX_BYTES = 1024 * 1024;

/** Number of models on the first page; undefined: the profile cannot list them. Rejects with the service's refusal. */
export async function checkWireProfile(
  { upstream, send }: { readonly upstream: Upstream; readonly send: SendUpstream },
  account: Pick<Lease, 'accountId' | 'access' | 'accessToken' | 'proxy' | 'sign'>,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (upstream.fixedCatalogue?.(account.access)) return undefined;
  const request = upstream.encodeListModels(account.access, undefined);
  const answer = await send(authorized(request, account), signal);
  if (!isSuccess(answer)) throw await explainRefusal(upstream, answer, request);
  return upstream.decodeModels(await readText(answer, MAX_BYTES)).catalogue.models.length;
}
