/**
 * Explains failures, whether they arrive as an HTTP response or as a frame in the middle of a reply. The service sends
 * the same failure under different statuses, so its name and reason are read before the status.
 */
import { GatewayError, type UpstreamFailure } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../core/json.ts';
import { oneLine } from '../../core/labels.ts';
import type { AnswerHeaders, FailedAnswer } from '../upstream.ts';
import { findRow } from './failure-table.ts';
import { KNOWN_REASONS } from './known-reasons.ts';
import { cappedRetryAfter, readRetryAfter } from './retry-after.ts';

/** `nowMs` (since the epoch) is what a `Retry-After` date is compared with. */
export function explainFailure(answer: FailedAnswer, nowMs: number = Date.now()): GatewayError {
  const envelope = parseJsonObject(answer.body);
  const message = messageOf(envelope, answer.body);
  const failure: UpstreamFailure = {
    status: answer.status,
    name: cleanName(
      answer.header('x-amzn-errortype') ??
        text(envelope?.code) ??
        text(envelope?.__type) ??
        text(nested(envelope).code),
    ),
    reason: text(envelope?.reason) ?? text(nested(envelope).reason) ?? reasonIn(message),
    message,
    requestId: requestIdOf(answer),
  };
  const header = answer.header('retry-after');
  const error = toError(failure, readRetryAfter(header, [envelope ?? {}, nested(envelope)], message, nowMs));
  return isBadToken(answer, error) ? new GatewayError('token_rejected', error.message, { upstream: failure }) : error;
}

/** Some hosts refuse an access token with their own status. A reason means that the failure is about something else. */
function isBadToken({ status, badToken }: FailedAnswer, { code, upstream }: GatewayError): boolean {
  if (code !== 'permission_denied' || upstream?.reason !== undefined) return false;
  return badToken?.status === status && badToken.name === upstream?.name;
}

/**
 * A failure inside a reply that began with status 200. `name` is the frame's exception type or error code, `body` its
 * text, with or without a JSON envelope. The event stream models a single exception called `error`, whose envelope
 * names the actual one.
 */
export function explainException(name: string, body: string, nowMs: number = Date.now()): GatewayError {
  const envelope = parseJsonObject(body);
  const message = messageOf(envelope, body);
  const inEnvelope = text(envelope?.__type) ?? text(envelope?.code) ?? text(nested(envelope).code);
  const reason = text(envelope?.reason) ?? text(nested(envelope).reason) ?? reasonIn(message);
  const own = name === MODELLED_EXCEPTION ? (inEnvelope ?? name) : name;
  const waitMs = readRetryAfter(undefined, [envelope ?? {}, nested(envelope)], message, nowMs);
  return toError({ status: 200, name: cleanName(own), reason, message, requestId: undefined }, waitMs);
}

/** A response with status 200 whose body is not a reply. */
export function explainOtherBody(answer: FailedAnswer): GatewayError {
  const error = explainFailure(answer);
  // Neither its name nor its message is a known failure of the service: a retry would not help.
  if (error.code !== 'upstream_broken' || error.upstream?.name !== undefined) return error;
  const contentType = answer.header('content-type')?.slice(0, 100) ?? 'no content type';
  const words = error.upstream?.message;
  return new GatewayError(
    'upstream_unexpected',
    `The service returned an unexpected response with status 200 (${contentType}). A proxy or a sign-in page may have ` +
      'answered instead: check the proxy settings and DRAGOMAN_UPSTREAM_URL.' +
      (words === undefined ? '' : ` The response: “${words}”`),
    { upstream: error.upstream },
  );
}

/** `waitMs`: the wait that the response names, not capped yet. */
function toError(upstream: UpstreamFailure, waitMs: number | undefined): GatewayError {
  const failure: UpstreamFailure = { ...upstream, status: meantStatus(upstream) };
  const row = findRow(failure);
  const quote = upstream.message === undefined ? '' : ` Its message: “${upstream.message}”`;
  return new GatewayError(row.code, row.explanation + quote, {
    upstream,
    retryAfterMs: cappedRetryAfter(waitMs, row.code) ?? row.restMs,
    tokens: row.code === 'context_too_long' ? tokensIn(upstream.message) : undefined,
  });
}

/** The status an exception stands for in the service model. A frame without a modelled name counts as a 500. */
function meantStatus({ name, status }: UpstreamFailure): number {
  // This reason means the same under every exception.
  if (status === 402) return status;
  const modelled = name === undefined ? undefined : EXCEPTION_STATUS.get(name);
  return modelled ?? (status === 200 ? 500 : status);
}

const EXCEPTION_STATUS: ReadonlyMap<string, number> = new Map([
  ['ValidationException', 400],
  ['UnrecognizedClientException', 401],
  ['ExpiredTokenException', 401],
  ['UnauthorizedException', 401],
  ['ServiceQuotaExceededException', 402],
  ['AccessDeniedException', 403],
  ['ResourceNotFoundException', 404],
  ['UnknownOperationException', 404],
  ['ConflictException', 409],
  ['ThrottlingException', 429],
  ['TooManyRequestsException', 429],
  ['InternalServerException', 500],
  ['ServiceUnavailableException', 503],
]);

export function requestIdOf(answer: AnswerHeaders): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const id = answer.header(name);
    if (id !== undefined) return id;
  }
  return undefined;
}

const REQUEST_ID_HEADERS = ['x-amzn-requestid', 'x-amzn-request-id', 'x-amz-request-id'];

const MODELLED_EXCEPTION = 'error';

/** `ThrottlingException:http://…` and `com.amazon.kiro.runtimeservice#ThrottlingException` are ThrottlingException. */
function cleanName(name: string | undefined): string | undefined {
  const [beforeColon = ''] = (name ?? '').split(':');
  const cleaned = beforeColon.slice(beforeColon.lastIndexOf('#') + 1).trim();
  // The event stream's only modelled exception is named after its member.
  if (cleaned === MODELLED_EXCEPTION) return 'InternalServerException';
  return cleaned === '' ? undefined : cleaned.slice(0, 100);
}

function nested(envelope: JsonObject | undefined): JsonObject {
  return isJsonObject(envelope?.error) ? envelope.error : {};
}

function messageOf(envelope: JsonObject | undefined, body: string): string | undefined {
  if (!envelope) return trim(wordsOf(body));
  const { message, Message, error, error_description } = envelope;
  return trim(
    text(message) ?? text(Message) ?? text(nested(envelope).message) ?? text(error_description) ?? text(error),
  );
}

/** A body without an envelope comes from an intermediary: of an HTML page only the title is reported. */
function wordsOf(body: string): string | undefined {
  if (!/^\s*<(?:!doctype|html|head|body|\?xml)/i.test(body)) return body;
  return /<title>([^<]*)<\/title>/i.exec(body)?.[1];
}

const MAX_MESSAGE_CHARS = 600;

function trim(message: string | undefined): string | undefined {
  if (message === undefined) return undefined;
  const line = oneLine(message, MAX_MESSAGE_CHARS);
  return line !== undefined && line.length > MAX_MESSAGE_CHARS
    ? `${line.slice(0, MAX_MESSAGE_CHARS).toWellFormed()}…`
    : line;
}

/** Layers between the model and the gateway sometimes put the reason into the message. */
function reasonIn(message: string | undefined): string | undefined {
  return message?.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g)?.find((word) => KNOWN_REASONS.has(word));
}

/** `prompt is too long: 215312 tokens > 200000 maximum` */
function tokensIn(message: string | undefined): { actual: number; maximum: number } | undefined {
  const match = message === undefined ? null : /(\d+) tokens > (\d+)/.exec(message);
  return match ? { actual: Number(match[1]), maximum: Number(match[2]) } : undefined;
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
