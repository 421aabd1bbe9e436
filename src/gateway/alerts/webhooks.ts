/** Sends alerts to webhooks: in order for each, retried for a bounded time, from a bounded queue. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { PostJson, Webhook } from './ports.ts';
import { type Notice, refusalOf, toWebhookBody } from './webhook-message.ts';

const MAX_QUEUED = 100;
/** Pauses between the attempts: a receiver that restarts is back within minutes. */
const PAUSES_MS = [5_000, 30_000, 120_000, 600_000] as const;

/** What is known of the last delivery. */
export interface Delivery {
  readonly atMs: number;
  /** undefined: it was accepted. */
  readonly problem: string | undefined;
}

export interface WebhooksOptions {
  /** Those of the settings at the moment. */
  readonly webhooks: () => readonly Webhook[];
  readonly post: PostJson;
  readonly clock: Clock;
  readonly log: Log;
}

export class Webhooks {
  readonly #options: WebhooksOptions;
  /** By URL. */
  readonly #queues = new Map<string, Notice[]>();
  readonly #deliveries = new Map<string, Delivery>();
  readonly #closing = new AbortController();

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  /** Never waits. */
  send(notice: Notice): void {
    for (const webhook of this.#options.webhooks()) {
      const queue = this.#queues.get(webhook.url);
      if (queue) {
        queue.push(notice);
        if (queue.length > MAX_QUEUED) this.#drop(queue, webhook);
        continue;
      }
      const started = [notice];
      this.#queues.set(webhook.url, started);
      void this.#drain(webhook, started).finally(() => this.#queues.delete(webhook.url));
    }
  }

  /** Sends a test to each, once. Resolves with why each has failed; undefined: it was accepted. */
  test(): Promise<readonly { readonly webhook: Webhook; readonly problem: string | undefined }[]> {
    return Promise.all(
      this.#options
        .webhooks()
        .map(async (webhook) => ({ webhook, problem: await this.#post(webhook, { type: 'test' }) })),
    );
  }

  lastDelivery({ url }: Webhook): Delivery | undefined {
    return this.#deliveries.get(url);
  }

  /** What has not been sent is given up. */
  close(): void {
    this.#closing.abort();
  }

  async #drain(webhook: Webhook, queue: Notice[]): Promise<void> {
    for (let notice = queue.shift(); notice && !this.#closing.signal.aborted; notice = queue.shift()) {
      if (!(await this.#deliver(webhook, notice))) return;
    }
  }

  /** False if this is closing, or the webhook is no longer in the settings. */
  async #deliver(webhook: Webhook, notice: Notice): Promise<boolean> {
    const { clock, log, webhooks } = this.#options;
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      const problem = await this.#post(webhook, notice);
      if (problem === undefined) return true;
      log.warn({ host: hostOf(webhook), why: problem, retryInMs: pauseMs }, 'could not deliver an alert');
      if (pauseMs === undefined) return true;
      const isOver = await clock.sleep(pauseMs, this.#closing.signal).then(
        () => !webhooks().some(({ url }) => url === webhook.url),
        () => true,
      );
      if (isOver) return false;
    }
    return true;
  }

  async #post(webhook: Webhook, notice: Notice): Promise<string | undefined> {
    const { post, clock } = this.#options;
    const problem = await post(webhook.url, JSON.stringify(toWebhookBody(notice, webhook.shape))).then(
      ({ status, text }) => refusalOf(webhook.shape, status, text),
      (cause: unknown) => (cause instanceof Error ? cause.message : 'unknown reason'),
    );
    // A URL that was removed from the settings is forgotten.
    for (const url of this.#deliveries.keys())
      if (!this.#options.webhooks().some((one) => one.url === url)) this.#deliveries.delete(url);
    this.#deliveries.set(webhook.url, { atMs: clock.now(), problem });
    return problem;
  }

  #drop(queue: Notice[], webhook: Webhook): void {
    queue.shift();
    this.#options.log.error({ host: hostOf(webhook) }, 'too many alerts wait for a webhook; the oldest was dropped');
  }
}

/** The part of a webhook's address that is not a secret. */
export function hostOf({ url }: Webhook): string {
  return URL.parse(url)?.host ?? 'invalid address';
}
