/**
 * Counts what has ended, and writes the page. An observer of requests: what runs for a request is a few additions
 * (request-totals.ts). prom-client gets the sums when the page is read, and is loaded then, so that the start does not wait
 * for it.
 */
import type { RequestRecord } from '../gateway/request-record.ts';
import type { MetricPeers, MetricSources, MetricsSnapshot } from './ports.ts';
import type { MetricRegistry } from './registry.ts';
import { RequestTotals } from './request-totals.ts';

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export class Metrics {
  readonly #sources: MetricSources;
  readonly #peers: MetricPeers | undefined;
  readonly #totals = new RequestTotals();
  #loading: Promise<MetricRegistry> | undefined;

  constructor(sources: MetricSources, peers: MetricPeers | undefined) {
    this.#sources = sources;
    this.#peers = peers;
  }

  observe = (record: RequestRecord): void => {
    this.#totals.add(record);
    // Where prom-client cannot be loaded, reading the page fails too, with the reason.
    if (this.#totals.isFull) this.#registry().catch(() => {});
  };

  /** Of all workers, if there are several. */
  async page(): Promise<MetricsPage> {
    const [registry, { writePage }] = await Promise.all([this.#registry(), import('./registry.ts')]);
    const [own, others] = await Promise.all([registry.snapshot(), this.#peers?.collect() ?? []]);
    return { contentType: registry.contentType, text: await writePage([own, ...others]) };
  }

  /** Of this process alone. */
  async snapshot(): Promise<MetricsSnapshot> {
    return (await this.#registry()).snapshot();
  }

  /** With everything that has ended. */
  async #registry(): Promise<MetricRegistry> {
    this.#loading ??= this.#load();
    const registry = await this.#loading;
    registry.add(this.#totals);
    return registry;
  }

  async #load(): Promise<MetricRegistry> {
    const { MetricRegistry } = await import('./registry.ts');
    return new MetricRegistry(this.#sources, this.#peers?.number);
  }
}
