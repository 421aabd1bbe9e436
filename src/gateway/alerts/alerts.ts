/**
 * Notices conditions that need attention. One process on the database decides, so that an alert begins once however many
 * workers and replicas there are; it stays until its condition has been gone for a while, so that it is not repeated.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { AlertFacts, AlertType, Condition } from './conditions.ts';
import { conditionsOf } from './conditions.ts';
import type { Alert, AlertStore } from './ports.ts';
import type { Webhooks } from './webhooks.ts';

export interface AlertsOptions {
  readonly store: AlertStore;
  readonly clock: Clock;
  readonly feed: Pick<EventFeed, 'publish'>;
  readonly webhooks: Pick<Webhooks, 'send'>;
  readonly facts: () => Promise<AlertFacts>;
  readonly toEvent: (alert: Alert) => object;
}

/** How often `check` should be called. */
export const CHECK_EVERY_MS = 5_000;
/** A process that is killed is followed by another after this time. */
const LEAD_MS = 60_000;
/** Every renewal is a write, which other processes notice as a change of the database. */
const TRY_EVERY_MS = 20_000;
/** A condition that comes and goes within this time is one alert. */
const ENDS_AFTER_MS = 60_000;
/** How long conditions that often pass by themselves have to hold. */
const BEGINS_AFTER_MS: Readonly<Partial<Record<AlertType, number>>> = { 'no-account-ready': 30_000 };
const MAX_ENDED = 50;
const KEPT_MS = 30 * 86_400_000;
const REMOVE_EVERY_MS = 3_600_000;

export class Alerts {
  readonly #options: AlertsOptions;
  readonly #holder = randomUUID();
  /** By id: since when each condition has held, and when it was last seen. */
  readonly #seen = new Map<string, { readonly sinceMs: number; lastMs: number }>();
  #known: ReadonlyMap<string, Alert> | undefined;
  #isLeading = false;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #removedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /** Those that hold, and the newest of those that have ended; newest first. Rejects with `storage_unavailable`. */
  list(): Promise<readonly Alert[]> {
    return this.#options.store.list(MAX_ENDED);
  }

  /** Rejects with `storage_unavailable`. */
  async check(): Promise<void> {
    const nowMs = this.#options.clock.now();
    const { store } = this.#options;
    this.#known ??= byId(await this.list());
    if (nowMs - this.#triedAtMs >= TRY_EVERY_MS) {
      this.#isLeading = false;
      this.#isLeading = await store.lead(this.#holder, nowMs, nowMs + LEAD_MS);
      this.#triedAtMs = nowMs;
    }
    if (this.#isLeading) await this.#decide(nowMs);
    else this.#seen.clear();
    this.#publish(await this.list());
  }

  /** Lets another process decide at once. Never rejects. */
  async close(): Promise<void> {
    const { store, clock } = this.#options;
    if (!this.#isLeading) return;
    this.#isLeading = false;
    await store.lead(this.#holder, clock.now(), clock.now() - 1).catch(() => {});
  }

  async #decide(nowMs: number): Promise<void> {
    const { store, webhooks, facts } = this.#options;
    const conditions = conditionsOf(await facts());
    this.#see(conditions, nowMs);
    const active = (await this.list()).filter(({ endedAtMs }) => endedAtMs === undefined);
    for (const condition of conditions) {
      if (active.some(({ id }) => id === condition.id) || !this.#holdsLongEnough(condition, nowMs)) continue;
      if (await store.begin(condition, nowMs))
        webhooks.send({ type: 'alert', alert: { ...condition, beganAtMs: nowMs, endedAtMs: undefined } });
    }
    for (const alert of active) {
      // After a change of the leading process, as if it had been seen just now.
      if (!this.#seen.has(alert.id)) this.#seen.set(alert.id, { sinceMs: alert.beganAtMs, lastMs: nowMs });
      if (nowMs - (this.#seen.get(alert.id)?.lastMs ?? nowMs) < ENDS_AFTER_MS) continue;
      this.#seen.delete(alert.id);
      if (await store.end(alert.id, nowMs)) webhooks.send({ type: 'alert', alert: { ...alert, endedAtMs: nowMs } });
    }
    if (nowMs - this.#removedAtMs < REMOVE_EVERY_MS) return;
    this.#removedAtMs = nowMs;
    await store.removeEnded(nowMs - KEPT_MS);
  }

  #see(conditions: readonly Condition[], nowMs: number): void {
    for (const { id } of conditions) {
      const seen = this.#seen.get(id);
      if (seen) seen.lastMs = nowMs;
      else this.#seen.set(id, { sinceMs: nowMs, lastMs: nowMs });
    }
    for (const [id, { lastMs }] of this.#seen) if (nowMs - lastMs > 2 * ENDS_AFTER_MS) this.#seen.delete(id);
  }

  #holdsLongEnough({ id, type }: Condition, nowMs: number): boolean {
    return nowMs - (this.#seen.get(id)?.sinceMs ?? nowMs) >= (BEGINS_AFTER_MS[type] ?? 0);
  }

  /** Whichever process has decided. */
  #publish(alerts: readonly Alert[]): void {
    const { feed, toEvent } = this.#options;
    for (const alert of alerts) {
      const before = this.#known?.get(alert.id);
      const isNew = before?.beganAtMs !== alert.beganAtMs || before.endedAtMs !== alert.endedAtMs;
      if (isNew) feed.publish('alert', toEvent(alert));
    }
    this.#known = byId(alerts);
  }
}

function byId(alerts: readonly Alert[]): ReadonlyMap<string, Alert> {
  return new Map(alerts.map((alert) => [alert.id, alert]));
}
