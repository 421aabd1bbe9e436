/**
 * Traces for OpenTelemetry: a span for each request and one for each attempt, made from the record when the request has
 * ended, so that requests carry nothing on their way. Loaded only if there is an endpoint to export to.
 */
import { randomUUID } from 'node:crypto';
import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../core/log.ts';
import type { RequestObserver, RequestRecord } from '../gateway/request-record.ts';
import { attemptAttributes, attemptName, requestAttributes, requestName } from './spans.ts';

export interface TracingOptions {
  /** With its path: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
  /** Share of the traces that begin here, 0 to 1; a trace of a client is recorded if the client records it. */
  readonly share: number;
  readonly log: Log;
}

export interface Tracing {
  readonly observe: RequestObserver;
  /** Exports what is waiting, within a limited time. Never rejects. */
  close(): Promise<void>;
}

/** What is waiting when the gateway stops; a collector that does not answer must not delay the end for long. */
const EXPORT_TIMEOUT_MS = 5_000;
/** Spans beyond it are dropped: about 1,000 requests whose export is late. */
const MAX_QUEUED_SPANS = 2_048;

export function startTracing({ url, headers, serviceName, version, share, log }: TracingOptions): Tracing {
  const exporter = withLog(
    new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_TIMEOUT_MS }),
    log,
  );
  const root = share >= 1 ? new AlwaysOnSampler() : new TraceIdRatioBasedSampler(share);
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root }),
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(
        resourceFromAttributes({
          'service.name': serviceName,
          'service.version': version,
          'service.instance.id': randomUUID(),
        }),
      ),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, maxQueueSize: MAX_QUEUED_SPANS, exportTimeoutMillis: EXPORT_TIMEOUT_MS }),
    ],
  });
  const tracer = provider.getTracer('dragoman', version);
  return {
    observe(record) {
      if (isTraced(record)) traceRequest(tracer, record);
    },
    close: () => provider.shutdown().catch(() => {}),
  };
}

/** `NAME=VALUE`, the value percent-encoded: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
export function readHeaders(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const end = pair.indexOf('=');
      return [pair.slice(0, end).trim(), decoded(pair.slice(end + 1).trim())];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Neither what monitors poll every few seconds nor pages. */
function isTraced({ kind }: RequestRecord): boolean {
  return kind !== 'probe' && kind !== 'health' && kind !== 'page';
}

const propagator = new W3CTraceContextPropagator();

function traceRequest(tracer: Tracer, record: RequestRecord): void {
  const { receivedMs, durationMs, status, attempts } = record;
  const endMs = receivedMs + durationMs;
  const attributes = requestAttributes(record);
  const parent = parentOf(record);
  const span = tracer.startSpan(
    requestName(record),
    { kind: SpanKind.SERVER, startTime: receivedMs, attributes },
    parent,
  );
  // By the convention, a fault of the client is not an error of the server.
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  const context = trace.setSpan(parent, span);
  const answering = attempts.findLast(({ error, endedMs }) => error === undefined && endedMs !== undefined);
  for (const attempt of attempts) {
    const child = tracer.startSpan(
      attemptName(attempt, record),
      {
        kind: SpanKind.CLIENT,
        startTime: attempt.startedMs,
        attributes: attemptAttributes(attempt, record, attempt === answering),
      },
      context,
    );
    if (attempt.error) child.setStatus({ code: SpanStatusCode.ERROR });
    child.end(Math.max(attempt.startedMs, attempt.endedMs ?? endMs));
  }
  span.end(endMs);
}

/** The client's span, by the W3C headers that it sent; a malformed header counts as none. */
function parentOf({ traceparent, tracestate }: RequestRecord): Context {
  if (traceparent === undefined) return ROOT_CONTEXT;
  return propagator.extract(ROOT_CONTEXT, { traceparent, tracestate }, HEADERS);
}

const HEADERS = {
  keys: (carrier: TraceHeaders) => Object.keys(carrier),
  get: (carrier: TraceHeaders, name: string) =>
    name === 'traceparent' ? carrier.traceparent : name === 'tracestate' ? carrier.tracestate : undefined,
};

interface TraceHeaders {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/** A log line whenever exporting begins to fail or works again; the lost spans are not counted. */
function withLog(exporter: SpanExporter, log: Log): SpanExporter {
  let fails = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failsNow = result.code !== ExportResultCode.SUCCESS;
        if (failsNow && !fails) log.warn({ why: result.error?.message.slice(0, 300) }, 'could not export traces');
        else if (fails && !failsNow) log.info({}, 'traces are exported again');
        fails = failsNow;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
