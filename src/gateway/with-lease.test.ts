import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createFakePool, createFakeUpstream } from '../../test/support/fake-upstream.ts';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import type { GatewayContext } from './context.ts';
import type { Lease } from './ports.ts';
import { type Attempt, type LeasePlan, operationPlan, withLease } from './with-lease.ts';

const fail = (): never => expect.fail('nothing is sent or fetched here');

function setup(accounts: readonly string[] = ['a1', 'a2'], more: Partial<GatewayContext> = {}) {
  const pool = createFakePool(accounts);
  const clock = createFakeClock();
  const context: GatewayContext = {
    upstream: createFakeUpstream(),
    pool,
    send: fail,
    log: SILENT,
    clock,
    media: { fetch: fail, fitImage: fail, readDocument: fail },
    unknownModels: 'default',
    sendEnvironment: false,
    recoverToolCalls: true,
    codeReferences: 'allow',
    ...more,
  };
  const gone = new AbortController();
  const attempts: Attempt[] = [];
  /** Fails with these codes in turn, then succeeds with the account's id. */
  const run = (codes: readonly (ErrorCode | GatewayError)[], options: Partial<LeasePlan> = {}) => {
    const left = [...codes];
    const plan = operationPlan(context, { conversationId: 'c', group: 'g' }, { signal: gone.signal, ...options });
    return withLease(context, { ...plan, ...options }, async ({ accountId }: Lease, attempt) => {
      attempts.push(attempt);
      const next = left.shift();
      if (next !== undefined) throw typeof next === 'string' ? new GatewayError(next, next) : next;
      return accountId;
    });
  };
  return { pool, clock, gone, attempts, run };
}

describe('withLease', () => {
  it('releases the account after the work, unless the result keeps using it', async () => {
    const { pool, run } = setup();
    expect(await run([])).toBe('a1');
    expect(pool.releases).toEqual(['a1:ok']);
    await run([], { keepsLease: true });
    expect(pool.releases).toEqual(['a1:ok']);
  });

  it('passes the signal to the pool, and requests a lease that takes no slot', async () => {
    const { pool, gone, run } = setup();
    await run([]);
    expect(pool.requests[0]).toMatchObject({ conversationId: 'c', group: 'g', control: true, signal: gone.signal });
  });

  it('leases another account or gets a new token, depending on the error', async () => {
    const { pool, attempts, run } = setup();
    expect(await run(['quota_exhausted', 'token_rejected'])).toBe('a2');
    expect(pool.requests.map(({ tried, refresh }) => [tried, refresh])).toEqual([
      [[], false],
      [['a1'], false],
      [['a1'], true],
    ]);
    expect(attempts.map(({ number, isRenewed }) => [number, isRenewed])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(pool.releases).toEqual(['a1:quota_exhausted', 'a2:token_rejected', 'a2:ok']);
  });

  it('leases no account for a disconnected client', async () => {
    const { pool, gone, run } = setup();
    gone.abort();
    await expect(run([])).rejects.toMatchObject({ code: 'client_closed' });
    expect(pool.requests).toEqual([]);
  });

  it('rejects with client_closed if the client disconnects during a pause', async () => {
    const during = setup();
    const leaving = during.run(['upstream_overloaded'], { onFailure: () => during.gone.abort() });
    // The failure came before the disconnect, which therefore happens during the pause.
    await expect(leaving).rejects.toMatchObject({ code: 'client_closed' });
    expect(during.pool.releases).toEqual(['a1:upstream_overloaded']);
    expect(during.attempts).toHaveLength(1);
  });

  it('pauses before it leases the same account again, but not longer than the plan allows', async () => {
    const { clock, run } = setup();
    expect(await run(['upstream_overloaded'])).toBe('a1');
    expect(clock.sleeps).toEqual([1_000]);
    const impatient = setup();
    await expect(impatient.run(['upstream_overloaded'], { maxPauseMs: 999 })).rejects.toMatchObject({
      code: 'upstream_overloaded',
    });
    expect(impatient.clock.sleeps).toEqual([]);
  });

  it('does not count a missing operation against the account', async () => {
    const { pool, run } = setup();
    const aboutOperation: ReadonlySet<ErrorCode> = new Set(['feature_not_supported']);
    expect(await run(['feature_not_supported'], { aboutOperation })).toBe('a2');
    expect(pool.releases).toEqual(['a1:ok', 'a2:ok']);
  });

  it('tries the same account again once its profile is found', async () => {
    const lookups: string[] = [];
    const findProfile = async (id: string) => lookups.push(id) === 1;
    const { pool, run } = setup(['a1', 'a2'], { findProfile });
    expect(await run(['profile_required'])).toBe('a1');
    expect(lookups).toEqual(['a1']);
    expect(pool.releases).toEqual(['a1:upstream_refused', 'a1:ok']);
  });

  it('moves on to another wire profile; outside chat only if the host or the operation is missing', async () => {
    const upstream = { ...createFakeUpstream(), suggestsOtherWireProfile: () => true };
    const wireProfiles = { moveOn: () => 'other', worked: () => undefined };
    const refused = (code: ErrorCode) =>
      new GatewayError(code, 'no', {
        upstream: { status: 404, name: 'X', reason: undefined, message: undefined, requestId: undefined },
      });
    const { pool, run } = setup(['a1', 'a2'], { upstream, wireProfiles });
    expect(await run([refused('upstream_not_found')])).toBe('a1');
    expect(await run([refused('permission_denied')])).toBe('a2');
    expect(await run([refused('permission_denied')], { movesOn: 'always' })).toBe('a1');
    expect(pool.releases).toEqual([
      'a1:upstream_refused',
      'a1:ok',
      'a1:permission_denied',
      'a2:ok',
      'a1:upstream_refused',
      'a1:ok',
    ]);
  });

  it('reports each failed attempt once, with the pause that follows', async () => {
    const steps: unknown[] = [];
    const { run } = setup(['a1']);
    const onStep: LeasePlan['onStep'] = ({ code }, lease, attempt, waitMs) =>
      steps.push([code, lease?.accountId, attempt, waitMs]);
    await expect(run(['upstream_overloaded', 'quota_exhausted'], { onStep })).rejects.toMatchObject({
      code: 'quota_exhausted',
    });
    expect(steps).toEqual([
      ['upstream_overloaded', 'a1', 1, 1_000],
      ['quota_exhausted', 'a1', 2, 0],
      ['no_account', undefined, 3, undefined],
    ]);
  });
});
