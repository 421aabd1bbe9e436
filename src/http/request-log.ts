/** One line for each request: client, model, result and route. No bodies, no keys, no query strings. */
import type { Adjustment } from '../core/adjustments.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Log, LogLine } from '../core/log.ts';
import type { Usage } from '../core/usage.ts';
import type { RequestObserver, RequestRecord } from '../gateway/request-record.ts';

/** Polled by monitors every few seconds: logged at debug only. */
const QUIET = new Set([
  ...['/', '/health', '/healthz', '/readyz', '/api/hello', '/metrics'],
  ...['/docs', '/docs/start.js', '/docs/scalar.js', '/openapi.json'],
]);

/** The observer that writes the log lines. */
export function createRequestLog(log: Log): RequestObserver {
  return (record) => {
    const { code, error, path } = record;
    if (code === 'internal') write(log.error, record);
    else if (error && error.policy.blame !== 'client') write(log.warn, record);
    else if (QUIET.has(path)) write(log.debug, record);
    else if (log.infoLater) log.infoLater(() => lineOf(record));
    else write(log.info, record);
  };
}

function write(level: Log['debug'], record: RequestRecord): void {
  if (!level) return;
  const { fields, message } = lineOf(record);
  level(fields, message);
}

function lineOf(record: RequestRecord): LogLine {
  const { responseId, client, model, stream, firstByteMs, code, error, usage, route, adjustments } = record;
  const { method, path, status } = record;
  const isRequest = responseId === undefined;
  // Undefined fields are not logged.
  const fields = {
    // Of a background response: that of the request that started it.
    requestId: record.requestId,
    responseId,
    method: isRequest ? method : undefined,
    path: isRequest ? path : undefined,
    status: isRequest ? status : undefined,
    durationMs: record.durationMs,
    firstByteMs,
    client,
    model: model?.slice(0, 100),
    stream,
    code,
    error: error && errorFields(error),
    usage: usage && usageFields(usage),
    route,
    adjustments: adjustments?.length ? adjustments.slice(0, 20).map(noteOf) : undefined,
    adjustmentCount: adjustments?.length,
    cause: code === 'internal' ? error?.cause : undefined,
  };
  const what = isRequest ? `${method} ${path} ${status}` : 'background response ended';
  return { fields, message: code ? `${what} ${code}` : what };
}

/** `tool-name-alias@tools[0].name (my tool → my_tool)`; the header has the rule and the path alone. */
function noteOf({ rule, path, before, after }: Adjustment): string {
  const place = path === '' ? rule : `${rule}@${path}`;
  const details = [before, after].filter((detail) => detail !== undefined).join(' → ');
  return (details === '' ? place : `${place} (${details})`).slice(0, 400);
}

/** `{ inputTokens: '1200 measured' }`: every figure with its provenance. */
function usageFields(usage: Usage): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const name in usage) {
    const figure = usage[name as keyof Usage];
    if (typeof figure === 'object') fields[name] = `${figure.value} ${figure.provenance}`;
  }
  return fields;
}

/** The message of a refused request may quote the request, so it is not logged. */
function errorFields({ message, policy, param, rule, retryAfterMs, upstream }: GatewayError): object {
  const loggedMessage = policy.blame === 'client' ? undefined : message.slice(0, 500);
  return { message: loggedMessage, param, rule, retryAfterMs, upstream };
}
