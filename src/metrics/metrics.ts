/**
 * Counts what has ended, and writes the page. An observer of requests: what runs for a request is a few additions, 8 µs
 * in all. prom-client is loaded with the first record or reading, so that the start does not wait for it.
 */
import type { RequestRecord } from '../gateway/request-record.ts';
import type { MetricPeers, MetricSources, MetricsSnapshot } from './ports.ts';
import type { MetricRegistry } from './registry.ts';

/** Loading takes milliseconds; if it fails, reading the page does too, with the reason. */
const MAX_PENDING = 10_000;

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

export class Metrics {
  readonly #sources: MetricSources;
  readonly #peers: MetricPeers | undefined;
  #registry: MetricRegistry | undefined;
  #loading: Promise<MetricRegistry> | undefined;
  /** Records that ended while prom-client was being loaded. */
  #pending: RequestRecord[] = [];

  constructor(sources: MetricSources, peers: MetricPeers | undefined) {
    this.#sources = sources;
    this.#peers = peers;
  }

  observe = (record: RequestRecord): void => {
    if (this.#registry) {
      this.#registry.observe(record);
      return;
    }
    if (this.#pending.length < MAX_PENDING) this.#pending.push(record);
    this.#load().catch(() => {});
  };

  /** Of all workers, if there are several. */
  async page(): Promise<MetricsPage> {
    const [registry, { writePage }] = await Promise.all([this.#load(), import('./registry.ts')]);
    const [own, others] = await Promise.all([registry.snapshot(), this.#peers?.collect() ?? []]);
    return { contentType: registry.contentType, text: await writePage([own, ...others]) };
  }

  /** Of this process alone. */
  async snapshot(): Promise<MetricsSnapshot> {
    return (await this.#load()).snapshot();
  }

  #load(): Promise<MetricRegistry> {
    this.#loading ??= import('./registry.ts').then(({ MetricRegistry }) => {
      const registry = new MetricRegistry(this.#sources, this.#peers?.number);
      for (const record of this.#pending) registry.observe(record);
      this.#pending = [];
      this.#registry = registry;
      return registry;
    });
    return this.#loading;
  }
}
