/** What the parts of the gateway share. */
import { untilAborted } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Upstream, UpstreamRequest } from '../upstreams/upstream.ts';
import type { AccountPool, AuthorizedRequest, Lease, MediaTools, SendUpstream, UpstreamAnswer } from './ports.ts';
import type { WireProfileChoice } from './wire-profile-choice.ts';

export interface GatewayContext {
  /** Looks for the profile of an account that needs one; true if the account has one now. Absent: never found. */
  readonly findProfile?: (accountId: string) => Promise<boolean>;
  readonly upstream: Upstream;
  /** Which wire profile each account uses. Absent: always the one its lease names. */
  readonly wireProfiles?: Pick<WireProfileChoice, 'moveOn' | 'worked'>;
  readonly pool: AccountPool;
  readonly send: SendUpstream;
  readonly log: Log;
  readonly clock: Clock;
  readonly media: MediaTools;
  /** Whether the account's default model answers for names of no family the service has (`DRAGOMAN_UNKNOWN_MODELS`). */
  readonly unknownModels: 'default' | 'refuse';
  /** Send where the client works, as far as the client says. */
  readonly sendEnvironment: boolean;
  /** Make tool calls of those that the model prints as text. */
  readonly recoverToolCalls: boolean;
  /** Whether inline completion may propose code that resembles published code under a licence. */
  readonly codeReferences: 'allow' | 'block';
}

/**
 * The account's bearer token goes on at the last moment, so that nothing before can log it; with it the proxy it is
 * reached through. Signatures are made where the request is sent, since they depend on everything else.
 */
export function authorized(
  request: UpstreamRequest,
  {
    accountId,
    accessToken,
    proxy,
    sign,
  }: Pick<AuthorizedRequest, 'accountId' | 'proxy' | 'sign'> & Pick<Lease, 'accessToken'>,
): AuthorizedRequest {
  const bearer = sign ? {} : { authorization: `Bearer ${accessToken}` };
  return { ...request, headers: { ...request.headers, ...bearer }, accountId, proxy, sign };
}

/** More than any envelope of the service; an edge layer's HTML page is cut here. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** For a whole body that is not a reply: they are small, so a body that takes longer will not become useful. */
const READING_TIMEOUT_MS = 10_000;

/**
 * The body of an answer that is not a reply (a refusal, a list), read to its end so that the connection is kept. A body
 * that is longer than `maxBytes` or takes longer than `timeoutMs` is cut, and its connection closed. Rejects with
 * `upstream_timeout` where the cut answer was a success; of a refusal, the status and what has arrived say enough.
 */
export async function readText(
  answer: UpstreamAnswer,
  maxBytes = MAX_REFUSAL_BYTES,
  timeoutMs = READING_TIMEOUT_MS,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const timeout = AbortSignal.timeout(timeoutMs);
  const body = answer.body[Symbol.asyncIterator]();
  try {
    while (bytes <= maxBytes) {
      const step = await untilAborted(body.next(), timeout, tookTooLong);
      if (step.done) return textOf(chunks, maxBytes);
      chunks.push(step.value);
      bytes += step.value.length;
    }
  } catch (cause) {
    // A refusal whose body breaks off is still a refusal: its status says enough.
    if (isSuccess(answer)) throw cause;
  } finally {
    // Closes the connection of a body that was not read to its end. Not awaited: it may wait for bytes that never come.
    body.return?.().catch(() => {});
  }
  return textOf(chunks, maxBytes);
}

function tookTooLong(): GatewayError {
  return new GatewayError('upstream_timeout', 'The service took too long to send the whole answer.');
}

function textOf(chunks: readonly Uint8Array[], maxBytes: number): string {
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

export function isSuccess(answer: UpstreamAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** HTTP/1 without a length and without chunks: the body ends when the connection does. */
export function endsWithConnection(answer: UpstreamAnswer): boolean {
  return answer.header('transfer-encoding') === undefined && answer.header('content-length') === undefined;
}

export async function explainRefusal(
  upstream: Pick<Upstream, 'explainFailure'>,
  answer: UpstreamAnswer,
  { badToken }: Pick<UpstreamRequest, 'badToken'>,
): Promise<GatewayError> {
  const body = await readText(answer);
  return upstream.explainFailure({ status: answer.status, header: (name) => answer.header(name), body, badToken });
}
