/**
 * Which of the regions that serve the API serves this account, where nobody has said it. The sign-in's region is a
 * guess then; told 403, the other one is tried once, and whichever answers is remembered.
 */
import { GatewayError } from '../core/errors.ts';
import type { FailedAnswer } from '../upstreams/upstream.ts';
import { isSuccess, readText } from './context.ts';
import type { AuthorizedRequest, SendUpstream, UpstreamAnswer } from './ports.ts';

/** An account which neither region serves has another trouble: so long it is not asked twice. */
const PAUSE_MS = 10 * 60_000;

interface Known {
  /** undefined: neither. */
  readonly region: string | undefined;
  readonly untilMs: number;
}

export function inEitherRegion(
  send: SendUpstream,
  explainFailure: (answer: FailedAnswer) => GatewayError,
  now: () => number,
): SendUpstream {
  const knownOf = new Map<string, Known>();

  const tryElsewhere = async (request: AuthorizedRequest, accountId: string, signal: AbortSignal) => {
    const there = elsewhere(request);
    knownOf.set(accountId, { region: undefined, untilMs: now() + PAUSE_MS });
    const answer = await send(there, signal);
    if (!isSuccess(answer)) return void (await readText(answer));
    knownOf.set(accountId, { region: there.region, untilMs: Number.POSITIVE_INFINITY });
    return answer;
  };

  return async (request, signal) => {
    const { accountId } = request;
    if (!request.elsewhere || accountId === undefined) return send(request, signal);
    const known = knownOf.get(accountId);
    if (known && known.untilMs > now()) {
      const isThere = known.region === request.elsewhere.region;
      return send(isThere ? elsewhere(request) : request, signal);
    }
    const answer = await send(request, signal);
    if (answer.status !== 403) return answer;
    const body = await readText(answer);
    const { code } = explainFailure({ status: 403, header: (name) => answer.header(name), body });
    const mayBeTheRegion = code === 'permission_denied' || code === 'token_rejected';
    const found = mayBeTheRegion ? await tryElsewhere(request, accountId, signal).catch(onlyIfGone) : undefined;
    return found ?? readAgain(answer, body);
  };
}

function elsewhere(request: AuthorizedRequest): AuthorizedRequest {
  return { ...request, ...request.elsewhere };
}

/** What the other region's network does is not what the client asked about. */
function onlyIfGone(cause: unknown): undefined {
  const error = GatewayError.from(cause);
  if (error.code === 'client_closed') throw error;
}

function readAgain(answer: UpstreamAnswer, body: string): UpstreamAnswer {
  const bytes = Buffer.from(body);
  return {
    status: answer.status,
    header: (name) => answer.header(name),
    body: (async function* () {
      yield bytes;
    })(),
  };
}
