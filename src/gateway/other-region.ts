/**
 * Which of the regions that serve the API serves this account, where nobody has said it. The sign-in's region is a
 * guess then; told 403, the other one is tried once, and whichever answers is remembered.
 */
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { FailedAnswer } from '../upstreams/upstream.ts';
import { isSuccess, readText } from './context.ts';
import type { AuthorizedRequest, SendUpstream, UpstreamAnswer } from './ports.ts';

/** An account which both regions refuse has another trouble: so long it is not asked twice. */
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
  /** Who asks in the other region now: the others wait for what it learns. */
  const asking = new Map<string, Promise<unknown>>();

  const recall = (request: AuthorizedRequest, accountId: string): Known | undefined => {
    const known = knownOf.get(accountId) ?? knownOf.get(placeOf(request, accountId));
    return known && known.untilMs > now() ? known : undefined;
  };

  const isAboutTheToken = (answer: UpstreamAnswer, body: string) =>
    codeOf(explainFailure, answer, body) === 'token_rejected';

  const askElsewhere = async (request: AuthorizedRequest, accountId: string, signal: AbortSignal) => {
    const there = elsewhere(request);
    const answer = await send(there, signal);
    if (isSuccess(answer)) {
      knownOf.set(accountId, { region: there.region, untilMs: Number.POSITIVE_INFINITY });
      return answer;
    }
    const body = await readText(answer);
    // A token out of date is refused everywhere, and trouble says nothing about the account.
    if (answer.status === 403 && !isAboutTheToken(answer, body))
      knownOf.set(placeOf(request, accountId), { region: undefined, untilMs: now() + PAUSE_MS });
    return undefined;
  };

  const tryElsewhere = async (request: AuthorizedRequest, accountId: string, signal: AbortSignal) => {
    const place = placeOf(request, accountId);
    const running = recall(request, accountId) ? undefined : asking.get(place);
    if (running) await unlessGone(running, signal);
    const known = recall(request, accountId);
    if (known) return isThere(known, request) ? send(elsewhere(request), signal) : undefined;
    const own = askElsewhere(request, accountId, signal).catch(onlyIfGone);
    asking.set(place, own);
    try {
      return await own;
    } finally {
      if (asking.get(place) === own) asking.delete(place);
    }
  };

  return async (request, signal) => {
    const { accountId } = request;
    if (!request.elsewhere || accountId === undefined) return send(request, signal);
    const known = recall(request, accountId);
    if (known) return send(isThere(known, request) ? elsewhere(request) : request, signal);
    const answer = await send(request, signal);
    if (answer.status !== 403) return answer;
    const body = await readText(answer);
    const code = codeOf(explainFailure, answer, body);
    const mayBeTheRegion = code === 'permission_denied' || code === 'token_rejected';
    const found = mayBeTheRegion ? await tryElsewhere(request, accountId, signal) : undefined;
    return found ?? readAgain(answer, body);
  };
}

/** Which region serves an account is the same on all hosts; that one host refuses it in both says nothing of the others. */
function placeOf({ url }: AuthorizedRequest, accountId: string): string {
  return `${accountId} ${new URL(url).host}`;
}

function isThere({ region }: Known, request: AuthorizedRequest): boolean {
  return region !== undefined && region === request.elsewhere?.region;
}

function codeOf(explain: (answer: FailedAnswer) => GatewayError, answer: UpstreamAnswer, body: string): ErrorCode {
  return explain({ status: answer.status, header: (name) => answer.header(name), body }).code;
}

/** Waits for what another request learns, and no longer than one's own client does. */
async function unlessGone(running: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const gone = Promise.withResolvers<never>();
  const onAbort = () => gone.reject(new GatewayError('client_closed', 'The client closed the connection.'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // How it ended for the other is not ours to report.
    await Promise.race([running.catch(() => {}), gone.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
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
