/** The metrics as prom-client keeps them. Loaded when the page is read, or requests with many different labels have ended. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { BoundedLabel } from './bounded-label.ts';
import { type CounterDefinition, type HistogramDefinition, METRICS, WORKER_LABEL } from './definitions.ts';
import { addGauges } from './gauges.ts';
import type { MetricSources, MetricsSnapshot } from './ports.ts';
import type { AttemptSeries, RequestSeries, RequestTotals } from './request-totals.ts';
import { SummedHistogram } from './summed-histogram.ts';

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
  readonly #firstAid = this.#counter(METRICS.firstAid);
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

  /** Adds what has been summed up since the last time. */
  add(totals: RequestTotals): void {
    const { requests, attempts } = totals.take();
    for (const series of requests) this.#addRequests(series);
    for (const series of attempts) this.#addAttempts(series);
  }

  #addRequests(series: RequestSeries): void {
    const { kind, protocol, outcome, code, count } = series;
    const model = this.#models.of(series.model);
    this.#requests.inc({ kind, protocol, model, outcome }, count);
    if (code !== undefined) this.#errors.inc({ protocol, code }, count);
    if (kind === 'reply') this.#addReplies(series, model);
  }

  #addReplies(series: RequestSeries, model: string): void {
    const { protocol, outcome, count, stream, tokens, credits } = series;
    const client = this.#clients.of(series.client);
    const account = this.#accounts.of(series.account);
    this.#clientRequests.inc({ client, outcome }, count);
    this.#duration.addAll({ protocol, outcome }, series.durations);
    this.#firstByte.addAll({ model, stream }, series.firstBytes);
    for (const [type, sum] of Object.entries(tokens)) {
      increase(this.#tokens, { model, type }, sum);
      increase(this.#clientTokens, { client, type }, sum);
    }
    increase(this.#credits, { account, model }, credits);
    increase(this.#clientCredits, { client }, credits);
  }

  #addAttempts({ account, result, wireProfile, count, firstAids, durations }: AttemptSeries): void {
    this.#attempts.inc({ account: this.#accounts.of(account), result }, count);
    increase(this.#firstAid, { result }, firstAids);
    if (wireProfile === undefined) return;
    const labels = { wire_profile: this.#profiles.of(wireProfile) };
    this.#attemptDuration.addAll(labels, durations);
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

  #histogram<Label extends string>(definition: HistogramDefinition<Label>): SummedHistogram<Label> {
    return new SummedHistogram(definition, this.#registry);
  }
}

/** A figure that has never been seen has no sample. */
function increase<Label extends string>(counter: Counter<Label>, labels: Record<Label, string>, sum: number): void {
  if (sum > 0) counter.inc(labels, sum);
}

/** The page. The labels of the snapshots of several workers differ, so that nothing is summed up. */
export function writePage(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  const unsummed = snapshots.map((metrics) => metrics.map((metric) => ({ ...metric, aggregator: 'sum' })));
  return AggregatorRegistry.aggregate(unsummed).metrics();
}
