import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import {
  conversation,
  createFakePool,
  createFakeUpstream,
  createFakeWire,
  type FakeReply,
  NO_MEDIA,
} from '../../test/support/fake-upstream.ts';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import { createGateway } from './gateway.ts';

const HOUR_MS = 3_600_000;

function page(ids: readonly string[], nextToken?: string): FakeReply {
  const models = ids.map((id) => ({ id, name: id }));
  return { chunks: [JSON.stringify({ catalogue: { models, defaultModelId: ids[0] }, nextToken })] };
}

/** Returns `lists` in turn, then the last one forever. */
function setup(lists: readonly (FakeReply | Error)[], accounts: readonly string[] = ['a1']) {
  const clock = createFakeClock();
  const pool = createFakePool(accounts);
  const upstream = createFakeUpstream();
  let listed = 0;
  const wire = createFakeWire(Array(9).fill({ chunks: ['ok'] }), () => {
    const list = lists[Math.min(listed++, lists.length - 1)];
    if (list instanceof Error) throw list;
    return list ?? expect.fail('no list');
  });
  const gateway = createGateway({
    upstream,
    pool,
    send: wire.send,
    log: SILENT,
    clock,
    media: NO_MEDIA,
    unknownModels: 'default',
    sendEnvironment: false,
    recoverToolCalls: true,
    codeReferences: 'allow',
  });
  const { signal } = new AbortController();
  return {
    clock,
    pool,
    upstream,
    listed: () => listed,
    models: async () => (await gateway.models(signal)).models.map(({ id }) => id),
    ask: () => gateway.ask({ requestId: 'r', client: 'c', conversation: conversation(), adjustments: [] }, signal),
  };
}

const down = new GatewayError('upstream_broken', 'reset');

describe('the catalogue', () => {
  it('is fetched once for concurrent requests, then cached', async () => {
    const { models, listed } = setup([page(['m1', 'm2'])]);
    expect(await Promise.all([models(), models(), models()])).toEqual(Array(3).fill(['m1', 'm2']));
    await models();
    expect(listed()).toBe(1);
  });

  it('has the models of all pages', async () => {
    const { models } = setup([page(['m1'], 'more'), page(['m2'])]);
    expect(await models()).toEqual(['m1', 'm2']);
  });

  it('is served stale while a newer list is fetched', async () => {
    const { models, clock } = setup([page(['old']), page(['new'])]);
    await models();
    clock.advance(HOUR_MS);
    expect(await models()).toEqual(['old']);
    await new Promise(setImmediate);
    expect(await models()).toEqual(['new']);
  });

  it('is still served when it can no longer be fetched', async () => {
    const { models, clock, listed } = setup([page(['old']), down]);
    await models();
    clock.advance(HOUR_MS);
    await models();
    await new Promise(setImmediate);
    expect(await models()).toEqual(['old']);
    expect(listed()).toBe(2);
  });

  it('comes from another account when the first may not list models', async () => {
    const { models, pool } = setup([{ status: 403, chunks: ['permission_denied'] }, page(['m'])], ['a1', 'a2']);
    expect(await models()).toEqual(['m']);
    expect(pool.releases).toEqual(['a1:permission_denied', 'a2:ok']);
    expect(pool.requests.every(({ control }) => control)).toBe(true);
  });

  it('is fetched with a new token when the old one is rejected', async () => {
    const { models, pool } = setup([{ status: 403, chunks: ['token_rejected'] }, page(['m'])]);
    expect(await models()).toEqual(['m']);
    expect(pool.requests.map(({ refresh }) => refresh)).toEqual([false, true]);
  });

  it('fails with the reason when there is none', async () => {
    await expect(setup([down]).models()).rejects.toMatchObject({ code: 'upstream_broken' });
    await expect(setup([page([])], []).models()).rejects.toMatchObject({ code: 'no_account' });
  });

  it('never makes a chat fail, and is not fetched again at once', async () => {
    const { ask, listed, clock } = setup([down]);
    expect((await ask()).route.modelId).toBe('some-model');
    await ask();
    expect(listed()).toBe(1);
    clock.advance(60_000);
    await ask();
    expect(listed()).toBe(2);
  });

  it('resolves the model of a chat', async () => {
    const { ask, upstream } = setup([page(['some-model'])]);
    await ask();
    expect(upstream.encoded[0]?.model.model?.id).toBe('some-model');
  });
});
