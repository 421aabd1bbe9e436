/**
 * Finds the region that serves an account whose profile does not name it. The region of its sign-in is a guess; if that
 * region refuses the account, the other one is tried once, and the one that answers is remembered.
 */
import { untilAborted } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { isSuccess, readText } from './context.ts';
import type { AuthorizedRequest, SendUpstream, UpstreamAnswer } from './ports.ts';

/** If both regions refuse the account, the region is not the reason: the other one is not tried again for this time. */
const PAUSE_MS = 10 * 60_000;

interface Known {
  /** Undefined: neither region serves the account. */
  readonly region: string | undefined;
  readonly untilMs: number;
}

type Refusals = Pick<Upstream, 'explainFailure' | 'suggestsOtherRegion'>;

export function inEitherRegion(send: SendUpstream, upstream: Refusals, now: () => number): SendUpstream {
  const knownOf = new Map<string, Known>();
  /** Requests to the other region in progress. Further requests wait for their result. */
  const inProgress = new Map<string, Promise<unknown>>();

  const recall = (request: AuthorizedRequest, accountId: string): Known | undefined => {
    if (knownOf.size === 0) return undefined;
    const known = knownOf.get(accountId) ?? knownOf.get(placeOf(request, accountId));
    return known && known.untilMs > now() ? known : undefined;
  };

  const sendElsewhere = async (request: AuthorizedRequest, accountId: string, signal: AbortSignal) => {
    const there = elsewhere(request);
    const answer = await send(there, signal);
    if (isSuccess(answer)) {
      knownOf.set(accountId, { region: there.region, untilMs: Number.POSITIVE_INFINITY });
      return answer;
    }
    const refusal = explain(upstream, answer, await readText(answer));
    // Every region refuses an expired token, and an overload says nothing about the account.
    if (upstream.suggestsOtherRegion?.(refusal) && refusal.code !== 'token_rejected')
      knownOf.set(placeOf(request, accountId), { region: undefined, untilMs: now() + PAUSE_MS });
    return undefined;
  };

  const tryElsewhere = async (request: AuthorizedRequest, accountId: string, signal: AbortSignal) => {
    const place = placeOf(request, accountId);
    const running = recall(request, accountId) ? undefined : inProgress.get(place);
    // A failure of the other request is not reported for this one.
    const settled = running?.catch(() => {});
    if (settled) await untilAborted(settled, signal);
    const known = recall(request, accountId);
    if (known) return isThere(known, request) ? send(elsewhere(request), signal) : undefined;
    const own = sendElsewhere(request, accountId, signal).catch(throwIfClosed);
    inProgress.set(place, own);
    try {
      return await own;
    } finally {
      if (inProgress.get(place) === own) inProgress.delete(place);
    }
  };

  const afterRefusal = async (answer: UpstreamAnswer, ...call: Parameters<typeof tryElsewhere>) => {
    const body = await readText(answer);
    const mayBeTheRegion = upstream.suggestsOtherRegion?.(explain(upstream, answer, body)) === true;
    const answerElsewhere = mayBeTheRegion ? await tryElsewhere(...call) : undefined;
    return answerElsewhere ?? withBody(answer, body);
  };

  return (request, signal) => {
    const { accountId } = request;
    if (!request.elsewhere || accountId === undefined) return send(request, signal);
    const known = recall(request, accountId);
    if (known) return send(isThere(known, request) ? elsewhere(request) : request, signal);
    return send(request, signal).then((answer) =>
      isSuccess(answer) ? answer : afterRefusal(answer, request, accountId, signal),
    );
  };
}

/** A region that serves an account serves it on all hosts, but a refusal in both regions applies to this host only. */
function placeOf({ url }: AuthorizedRequest, accountId: string): string {
  return `${accountId} ${new URL(url).host}`;
}

function isThere({ region }: Known, request: AuthorizedRequest): boolean {
  return region !== undefined && region === request.elsewhere?.region;
}

function explain({ explainFailure }: Refusals, answer: UpstreamAnswer, body: string): GatewayError {
  return explainFailure({ status: answer.status, header: (name) => answer.header(name), body });
}

function elsewhere(request: AuthorizedRequest): AuthorizedRequest {
  return { ...request, ...request.elsewhere };
}

/** Drops network failures of the other region, so that the client receives the answer of the first one. */
function throwIfClosed(cause: unknown): undefined {
  const error = GatewayError.from(cause);
  if (error.code === 'client_closed') throw error;
}

function withBody(answer: UpstreamAnswer, body: string): UpstreamAnswer {
  const bytes = Buffer.from(body);
  return {
    status: answer.status,
    header: (name) => answer.header(name),
    body: (async function* () {
      yield bytes;
    })(),
  };
}
