/**
 * Publishes changes of accounts, keys and settings as events, whichever process has made them. Compares what the admin API
 * shows with what it showed a moment ago, while a console watches.
 */
import { isoTime } from '../../core/times.ts';
import type { EventFeed, EventType } from '../../gateway/events/event-feed.ts';
import { toAccountView } from './account-view.ts';
import { toKeyView } from './key-view.ts';
import type { AdminParts } from './ports.ts';

type Watched = Pick<AdminParts, 'accounts' | 'keys' | 'settings' | 'clock'>;

/** By type and id: JSON. */
type Shown = ReadonlyMap<string, ReadonlyMap<string, string>>;

export class ChangeWatch {
  readonly #parts: Watched;
  readonly #feed: EventFeed;
  #shown: Shown | undefined;

  constructor(parts: Watched, feed: EventFeed) {
    this.#parts = parts;
    this.#feed = feed;
  }

  /** Rejects with `storage_unavailable`. */
  async check(): Promise<void> {
    if (!this.#feed.isWatched) {
      this.#shown = undefined;
      return;
    }
    const { accounts, keys } = this.#parts;
    await Promise.all([accounts.readLatest(), keys.catchUp()]);
    const before = this.#shown;
    const current = this.#show();
    this.#shown = current;
    // What changed before is in what the console has read.
    if (before) for (const type of TYPES) this.#publish(type, before.get(type), current.get(type));
  }

  #show(): Shown {
    const { accounts, keys, settings, clock } = this.#parts;
    const nowMs = clock.now();
    const account = accounts.list().map((one) => [one.id, JSON.stringify(toAccountView(one, nowMs))] as const);
    const key = keys.list().map((one) => [one.id, JSON.stringify(toKeyView(one, nowMs))] as const);
    const setting = settings().map((one) => [one.name, JSON.stringify(one)] as const);
    return new Map([
      ['account', new Map(account)],
      ['key', new Map(key)],
      ['setting', new Map(setting)],
    ]);
  }

  #publish(
    type: EventType,
    before: ReadonlyMap<string, string> = new Map(),
    after: ReadonlyMap<string, string> = new Map(),
  ) {
    const at = isoTime(this.#parts.clock.now());
    for (const [id, json] of after)
      if (before.get(id) !== json) this.#feed.publish(type, { id, at, [type]: JSON.parse(json) });
    for (const id of before.keys()) if (!after.has(id)) this.#feed.publish(type, { id, at, [type]: null });
  }
}

const TYPES: readonly EventType[] = ['account', 'key', 'setting'];
