/**
 * Publishes changes of accounts, keys and settings as events, whichever process has made them. Compares what the admin API
 * shows with what it showed a moment ago, while a console watches.
 */
import { isoTime } from '../../core/times.ts';
import type { EventFeed } from '../../gateway/events/event-feed.ts';
import { usageOf } from './account-details.ts';
import { toAccountView } from './account-view.ts';
import { toKeyView } from './key-view.ts';
import type { AdminParts } from './ports.ts';

type Watched = Pick<AdminParts, 'accounts' | 'keys' | 'settings' | 'clock'>;

/** By type and id: the JSON of what an event of the type shows. */
type Shown = Readonly<Record<Watchable, ReadonlyMap<string, string>>>;

/** What an event shows in place of something that was removed. */
const REMOVED = { account: { account: null, usage: null }, key: { key: null }, setting: { setting: null } } as const;

type Watchable = keyof typeof REMOVED;

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
    if (before) for (const type of TYPES) this.#publish(type, before[type], current[type]);
  }

  #show(): Shown {
    const { accounts, keys, settings, clock } = this.#parts;
    const nowMs = clock.now();
    const byId = <One>(all: readonly One[], idOf: (one: One) => string, show: (one: One) => object) =>
      new Map(all.map((one) => [idOf(one), JSON.stringify(show(one))]));
    return {
      account: byId(
        accounts.list(),
        ({ id }) => id,
        (one) => ({ account: toAccountView(one, nowMs), usage: usageOf(one, this.#parts) }),
      ),
      key: byId(
        keys.list(),
        ({ id }) => id,
        (one) => ({ key: toKeyView(one, nowMs) }),
      ),
      setting: byId(
        settings(),
        ({ name }) => name,
        (one) => ({ setting: one }),
      ),
    };
  }

  #publish(type: Watchable, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) {
    const at = isoTime(this.#parts.clock.now());
    for (const [id, json] of after)
      if (before.get(id) !== json) this.#feed.publish(type, { id, at, ...JSON.parse(json) });
    for (const id of before.keys()) if (!after.has(id)) this.#feed.publish(type, { id, at, ...REMOVED[type] });
  }
}

const TYPES: readonly Watchable[] = ['account', 'key', 'setting'];
