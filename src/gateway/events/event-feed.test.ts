import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { RequestRecord } from '../request-record.ts';
import { EventFeed, type FeedEvent } from './event-feed.ts';

function createFeed() {
  const clock = createFakeClock();
  const feed = new EventFeed(clock);
  const watch = (lastId?: string) => {
    const events: FeedEvent[] = [];
    const stop = feed.subscribe((event) => events.push(event), lastId);
    return { events, stop, types: () => events.map(({ type }) => type) };
  };
  const end = (kind: RequestRecord['kind'] = 'reply') => {
    const record = new RequestRecord('req_1', clock.now());
    record.kind = kind;
    record.status = 200;
    record.url = '/v1/messages?key=marked-secret';
    feed.observe(record);
  };
  return { clock, feed, watch, end };
}

describe('the event feed', () => {
  it('gives every watcher every event in order', () => {
    const { feed, watch } = createFeed();
    const [one, other] = [watch(), watch()];
    feed.publish('key', { id: 'a' });
    feed.publish('account', { id: 'b' });
    expect(one.events).toEqual(other.events);
    expect(one.events.map(({ type, data }) => [type, data])).toEqual([
      ['key', { id: 'a' }],
      ['account', { id: 'b' }],
    ]);
    expect(new Set(one.events.map(({ id }) => id)).size).toBe(2);
  });

  it('gives a watcher that comes back what it missed', () => {
    const { feed, watch } = createFeed();
    const first = watch();
    feed.publish('key', { id: 'a' });
    first.stop();
    feed.publish('key', { id: 'b' });
    feed.publish('key', { id: 'c' });
    const again = watch(first.events.at(-1)?.id);
    feed.publish('key', { id: 'd' });
    expect(again.events.map(({ data }) => data)).toEqual([{ id: 'b' }, { id: 'c' }, { id: 'd' }]);
    expect(watch(again.events.at(-1)?.id).events).toEqual([]);
  });

  it('asks a watcher to reload if what it missed is gone, or its id is of another process', () => {
    const { clock, feed, watch } = createFeed();
    const first = watch();
    feed.publish('key', { id: 'a' });
    const lastId = first.events.at(-1)?.id;
    for (let count = 0; count < 1_001; count++) feed.publish('key', { count });
    expect(watch(lastId).types()).toEqual(['reload']);
    for (const id of ['other-1', '', 'x', `${lastId?.split('-')[0]}-99999`, `${lastId?.split('-')[0]}--1`])
      expect(watch(id).types()).toEqual(['reload']);
    // The id of a reload continues from there.
    const reloaded = watch('other-1');
    feed.publish('key', { id: 'z' });
    expect(watch(reloaded.events[0]?.id).events.map(({ data }) => data)).toEqual([{ id: 'z' }]);
    expect(clock.sleeps).toEqual([]);
  });

  it('keeps nothing while no console watches', () => {
    const { clock, feed, watch, end } = createFeed();
    expect(feed.isWatched).toBe(false);
    const first = watch();
    feed.publish('key', { id: 'a' });
    first.stop();
    clock.advance(60_000);
    expect(feed.isWatched).toBe(false);
    end();
    feed.publish('key', { id: 'b' });
    expect(watch(first.events.at(-1)?.id).types()).toEqual(['reload']);
  });

  it('shows finished requests without their queries, and sums them', () => {
    const { clock, watch, end } = createFeed();
    const { events, types } = watch();
    end();
    end('admin');
    end('page');
    expect(types()).toEqual(['request']);
    expect(events[0]?.data).toMatchObject({ id: 'req_1', kind: 'reply', outcome: 'ok', status: 200 });
    expect(JSON.stringify(events)).not.toContain('marked-secret');
    clock.advance(1_000);
    expect(events.slice(1).map(({ type, data }) => [type, data])).toEqual([['ledger', { requests: 1 }]]);
  });

  it('only counts the requests beyond fifty a second', () => {
    const { clock, watch, end } = createFeed();
    const { types, events } = watch();
    for (let count = 0; count < 80; count++) end();
    clock.advance(1_000);
    expect(types().filter((type) => type === 'request')).toHaveLength(50);
    expect(events.at(-1)?.data).toEqual({ requests: 80 });
    end();
    clock.advance(1_000);
    expect(types().slice(-2)).toEqual(['request', 'ledger']);
  });
});
