import { describe, expect, it } from 'vitest';
import { codeCompletion } from '../../test/support/code-completion.ts';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import {
  createFakePool,
  createFakeUpstream,
  createFakeWire,
  type FakeReply,
} from '../../test/support/fake-upstream.ts';
import type { CodeCompletion } from '../core/code-completion.ts';
import { collectReply } from '../core/collect.ts';
import { GatewayError } from '../core/errors.ts';
import { SILENT } from '../core/log.ts';
import { complete } from './complete.ts';

function page(texts: readonly string[], nextToken?: string): FakeReply {
  const completions = texts.map((text) => ({ text, sources: [{ type: 'code', licenseName: 'MIT' }] }));
  return { chunks: [JSON.stringify({ completions, nextToken })] };
}

function refusal(code: string, status = 403): FakeReply {
  return { status, chunks: [code] };
}

function open(replies: readonly (FakeReply | GatewayError)[], accounts: readonly string[] = ['a1', 'a2']) {
  const wire = createFakeWire(replies);
  const pool = createFakePool(accounts);
  const gone = new AbortController();
  const context = {
    upstream: createFakeUpstream(),
    pool,
    send: wire.send,
    log: SILENT,
    clock: createFakeClock(),
    media: { fetch: fail, fitImage: fail, readDocument: fail },
    unknownModels: 'default' as const,
    sendEnvironment: false,
    recoverToolCalls: true,
    codeReferences: 'allow' as const,
  };
  const ask = (more: Partial<CodeCompletion> = {}) =>
    complete(context, { requestId: 'r', client: 'c', completion: codeCompletion(more), adjustments: [] }, gone.signal);
  return { wire, pool, gone, ask };
}

function fail(): never {
  throw new Error('no attachments here');
}

async function textsOf(answers: Awaited<ReturnType<typeof complete>>): Promise<string[]> {
  const replies = await Promise.all(answers.map(({ batches }) => collectReply(batches)));
  return replies.map(({ blocks }) => blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''));
}

describe('a completion', () => {
  it('returns one answer per choice, with the usage of a single request', async () => {
    const { ask, pool } = open([page(['one', 'two', 'one', 'three'])]);
    const answers = await ask({ choices: 2 });
    expect(await textsOf(answers)).toEqual(['one', 'two']);
    expect(answers[0]?.route).toMatchObject({ accountId: 'a1', attempt: 1 });
    const [first, second] = await Promise.all(
      (await open([page(['x', 'y'])]).ask({ choices: 2 })).map(({ batches }) => collectReply(batches)),
    );
    expect(first?.usage.inputTokens.value).toBe(5);
    expect(second?.usage.inputTokens.value).toBe(0);
    expect(first?.sources).toEqual([{ type: 'code', licenseName: 'MIT' }]);
    expect(pool.releases).toEqual(['a1:ok']);
  });

  it('is empty when the service returns none', async () => {
    expect(await textsOf(await open([page([])]).ask())).toEqual(['']);
  });

  it('reads further pages until it has enough choices', async () => {
    const { ask, wire } = open([page([], 'p2'), page(['one'], 'p3'), page(['two'], 'p4')]);
    expect(await textsOf(await ask({ choices: 2 }))).toEqual(['one', 'two']);
    expect(wire.requests.map(({ url }) => url.split('?')[1])).toEqual(['', 'p2', 'p3']);
  });

  it('stops after five pages', async () => {
    const { ask, wire } = open(Array.from({ length: 9 }, () => page([], 'more')));
    expect(await textsOf(await ask())).toEqual(['']);
    expect(wire.requests.length).toBe(5);
  });

  it('applies stop sequences and limits', async () => {
    const { ask } = open([page(['a\nb'])]);
    const answers = await ask({ limits: { maxTokens: 100, stopSequences: ['\n'] } });
    expect(await textsOf(answers)).toEqual(['a']);
    expect(answers[0]?.adjustments.map(({ rule }) => rule)).toEqual(['max-tokens-emulated', 'stop-emulated']);
  });

  it('of zero tokens does not call the service', async () => {
    const { ask, wire, pool } = open([]);
    const answers = await ask({ limits: { maxTokens: 0, stopSequences: [] } });
    expect(await textsOf(answers)).toEqual(['']);
    expect([wire.requests, pool.requests]).toEqual([[], []]);
  });

  it('uses another account when one lacks the feature, which counts against neither', async () => {
    const { ask, pool } = open([refusal('feature_not_supported'), page(['one'])]);
    const answers = await ask();
    expect(answers[0]?.route).toMatchObject({ accountId: 'a2', attempt: 2 });
    expect(pool.releases).toEqual(['a1:ok', 'a2:ok']);
    expect(pool.requests.every(({ control }) => control === true)).toBe(true);
  });

  it('gets a new token when the old one is rejected', async () => {
    const { ask, pool, wire } = open([refusal('token_rejected', 401), page(['one'])]);
    await ask();
    expect(pool.requests.map(({ refresh }) => refresh)).toEqual([false, true]);
    expect(wire.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('fails with the error of the last account', async () => {
    const { ask, pool } = open([refusal('account_throttled', 429), refusal('feature_not_supported')]);
    await expect(ask()).rejects.toMatchObject({ code: 'feature_not_supported' });
    expect(pool.releases).toEqual(['a1:account_throttled', 'a2:ok']);
  });

  it('ends when the client disconnects', async () => {
    const { ask, gone, pool } = open([new GatewayError('upstream_broken', 'aborted')]);
    gone.abort();
    await expect(ask()).rejects.toMatchObject({ code: 'client_closed' });
    // A disconnected client takes no account.
    expect(pool.leasedIds).toEqual([]);
  });
});
