/** The dependencies and settings shared by the parts of the gateway, and functions for upstream responses. */
import { untilAborted } from '../core/async.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Upstream, UpstreamRequest } from '../upstreams/upstream.ts';
import type { AccountPool, AuthorizedRequest, Lease, MediaTools, SendUpstream, UpstreamAnswer } from './ports.ts';
import type { WireProfileChoice } from './wire-profile-choice.ts';

export interface GatewayContext {
  /** Looks up the profile of an account that needs one; true if it was found. Absent: there is no lookup. */
  readonly findProfile?: (accountId: string) => Promise<boolean>;
  readonly upstream: Upstream;
  /** Which wire profile each account uses. Absent: always the one its lease names. */
  readonly wireProfiles?: Pick<WireProfileChoice, 'moveOn' | 'worked'>;
  readonly pool: AccountPool;
  readonly send: SendUpstream;
  readonly log: Log;
  readonly clock: Clock;
  readonly media: MediaTools;
  /** What happens to model names of families that the service does not have (`DRAGOMAN_UNKNOWN_MODELS`). */
  readonly unknownModels: 'default' | 'refuse';
  /** Sends the client's operating system and working directory, if the request states them. */
  readonly sendEnvironment: boolean;
  /** Turns tool calls that the model prints as text into real ones. */
  readonly recoverToolCalls: boolean;
  /** Tries once more, more cautiously, after a refusal without a reason (`DRAGOMAN_FIRST_AID`). */
  readonly firstAid?: boolean;
  /** Whether inline completion may propose code that resembles licensed public code. */
  readonly codeReferences: 'allow' | 'block';
}

/**
 * Adds the account's bearer token and proxy. Called just before sending, so that nothing earlier can log the token.
 * Signatures are added where the request is sent, since they depend on everything else.
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
  const headers = sign ? request.headers : { ...request.headers, authorization: `Bearer ${accessToken}` };
  return { ...request, headers, accountId, proxy, sign };
}

/** Larger than any error body of the service; HTML pages of an edge layer are cut here. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Bodies other than replies are small; one that takes longer is not worth waiting for. */
const READING_TIMEOUT_MS = 10_000;

/**
 * Reads a body that is not a reply (a refusal, a list) to its end, so that the connection can be reused. A body longer
 * than `maxBytes` or slower than `timeoutMs` is cut and its connection closed. Rejects with `upstream_timeout` if the
 * cut response was a success; for a refusal, the status and the bytes received so far are enough.
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
    // A refusal whose body breaks off is still a refusal: its status is enough.
    if (isSuccess(answer)) throw cause;
  } finally {
    // Closes the connection of a body that was not read to its end. Not awaited: it may wait for bytes that never come.
    body.return?.().catch(() => {});
  }
  return textOf(chunks, maxBytes);
}

function tookTooLong(): GatewayError {
  return new GatewayError('upstream_timeout', 'The service took too long to send the whole response.');
}

function textOf(chunks: readonly Uint8Array[], maxBytes: number): string {
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

export function isSuccess(answer: UpstreamAnswer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

/** True for HTTP/1 bodies with neither a length nor chunks, which end when the connection closes. */
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
