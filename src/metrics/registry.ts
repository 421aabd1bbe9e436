/** The metrics as prom-client keeps them. Loaded with the first record, or the first reading of the page. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { RequestRecord } from '../gateway/request-record.ts';
import { BoundedLabel } from './bounded-label.ts';
import { type CounterDefinition, type HistogramDefinition, METRICS, WORKER_LABEL } from './definitions.ts';
import { addGauges } from './gauges.ts';
import type { MetricSources, MetricsSnapshot } from './ports.ts';

/** The service offers about twenty models; there is a key for each person or program. */
const MAX_MODELS = 50;
const MAX_CLIENTS = 200;
const MAX_ACCOUNTS = 200;
/** The default of 10 ms would wake an idle process a hundred times a second. */
const EVENT_LOOP_RESOLUTION_MS = 20;

/** Gauges of prom-client with the suffix of counters, which `promtool check metrics` rejects. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #requests = this.#counter(METRICS.requests);
  readonly #errors = this.#counter(METRICS.errors);
  readonly #clientRequests = this.#counter(METRICS.clientRequests);
  readonly #duration = this.#histogram(METRICS.duration);
  readonly #firstByte = this.#histogram(METRICS.firstByte);
  readonly #attempts = this.#counter(METRICS.attempts);
  readonly #attemptDuration = this.#histogram(METRICS.attemptDuration);
  readonly #tokens = this.#counter(METRICS.tokens);
  readonly #clientTokens = this.#counter(METRICS.clientTokens);
  readonly #credits = this.#counter(METRICS.credits);
  readonly #clientCredits = this.#counter(METRICS.clientCredits);
  readonly #models = new BoundedLabel(MAX_MODELS);
  readonly #clients = new BoundedLabel(MAX_CLIENTS);
  readonly #accounts = new BoundedLabel(MAX_ACCOUNTS);
  readonly #profiles = new BoundedLabel(MAX_MODELS);
  #hasProcessMetrics = false;

  /** `worker`: the number of this process, if several serve together. */
  constructor(sources: MetricSources, worker: number | undefined) {
    addGauges(this.#registry, sources, this.#accounts);
    if (worker !== undefined) this.#registry.setDefaultLabels({ [WORKER_LABEL]: String(worker) });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  observe(record: RequestRecord): void {
    const { kind, protocol = 'none', outcome, code } = record;
    const model = this.#modelOf(record);
    this.#requests.inc({ kind, protocol, model, outcome });
    if (code !== undefined) this.#errors.inc({ protocol, code });
    if (kind === 'reply') this.#observeReply(record, protocol, model);
  }

  #observeReply(record: RequestRecord, protocol: string, model: string): void {
    const { outcome, stream, durationMs, firstByteMs, attempts } = record;
    const client = this.#clients.of(record.client ?? 'none');
    this.#clientRequests.inc({ client, outcome });
    this.#duration.observe({ protocol, outcome }, durationMs / 1_000);
    // A refusal has a first byte too, which says nothing about the model.
    if (firstByteMs !== undefined && record.route)
      this.#firstByte.observe({ model, stream: stream ? 'yes' : 'no' }, firstByteMs / 1_000);
    for (const { accountId, wireProfile, startedMs, endedMs, error } of attempts) {
      this.#attempts.inc({ account: this.#accounts.of(accountId ?? 'none'), result: error?.code ?? 'ok' });
      if (wireProfile === undefined || endedMs === undefined) continue;
      const profile = this.#profiles.of(wireProfile);
      this.#attemptDuration.observe({ wire_profile: profile }, Math.max(0, endedMs - startedMs) / 1_000);
    }
    this.#observeUsage(record, model, client);
  }

  #observeUsage({ usage, route }: RequestRecord, model: string, client: string): void {
    if (!usage) return;
    const tokens = {
      input: usage.inputTokens,
      output: usage.outputTokens,
      cache_read: usage.cacheReadTokens,
      cache_write: usage.cacheWriteTokens,
      reasoning: usage.reasoningTokens,
    };
    for (const [type, figure] of Object.entries(tokens)) {
      add(this.#tokens, { model, type }, figure?.value);
      add(this.#clientTokens, { client, type }, figure?.value);
    }
    const account = this.#accounts.of(route?.accountId ?? 'none');
    add(this.#credits, { account, model }, usage.credits?.value);
    add(this.#clientCredits, { client }, usage.credits?.value);
  }

  /** As the service names it: the client's name for a model could be anything, also a secret in the wrong place. */
  #modelOf({ route, attempts }: RequestRecord): string {
    return this.#models.of(route?.modelId ?? attempts.at(-1)?.modelId ?? 'none');
  }

  /** Figures of the process itself are measured from the first snapshot on. */
  async snapshot(): Promise<MetricsSnapshot> {
    if (!this.#hasProcessMetrics) {
      this.#hasProcessMetrics = true;
      collectDefaultMetrics({
        register: this.#registry,
        eventLoopMonitoringPrecision: EVENT_LOOP_RESOLUTION_MS,
      });
      for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    }
    return this.#registry.getMetricsAsJSON();
  }

  #counter<Label extends string>({ name, help, labels }: CounterDefinition<Label>): Counter<Label> {
    return new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
  }

  #histogram<Label extends string>({ name, help, labels, buckets }: HistogramDefinition<Label>): Histogram<Label> {
    return new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [this.#registry] });
  }
}

/** Figures come from the service: one that is missing or absurd is left out. */
function add<Label extends string>(counter: Counter<Label>, labels: Record<Label, string>, value = 0): void {
  if (value > 0 && Number.isFinite(value)) counter.inc(labels, value);
}

/** The page. The labels of the snapshots of several workers differ, so that nothing is summed up. */
export function writePage(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  const unsummed = snapshots.map((metrics) => metrics.map((metric) => ({ ...metric, aggregator: 'sum' })));
  return AggregatorRegistry.aggregate(unsummed).metrics();
}
