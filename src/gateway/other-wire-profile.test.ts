import { describe, expect, it } from 'vitest';
import { codeCompletion } from '../../test/support/code-completion.ts';
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
import { explainFailure } from '../upstreams/codewhisperer/failures.ts';
import { suggestsOtherWireProfile } from '../upstreams/codewhisperer/wire-trouble.ts';
import { createGateway } from './gateway.ts';
import { WireProfileChoice } from './wire-profile-choice.ts';

const GOOD: FakeReply = { chunks: ['hello'] };

function refusal(status: number, name: string, message: string, reason?: string): FakeReply {
  return { status, chunks: [JSON.stringify({ __type: `com.amazon.kiro.runtimeservice#${name}`, message, reason })] };
}

const INVALID_BEARER = refusal(403, 'AccessDeniedException', 'The bearer token included in the request is invalid.');
const NOT_AUTHORIZED = refusal(403, 'AccessDeniedException', 'User is not authorized to make this call.');

function setup(
  replies: readonly (FakeReply | GatewayError)[],
  { accounts = ['a1'], hasFixedToken = false, baseUrl = undefined as string | undefined, models = [] as string[] } = {},
) {
  const clock = createFakeClock();
  const choice = new WireProfileChoice(
    () => ['one', 'two', 'three'],
    () => clock.now(),
  );
  const lent: string[] = [];
  const pool = createFakePool(accounts);
  const lease = pool.lease.bind(pool);
  pool.lease = async (request) => {
    const leased = await lease(request);
    const wireProfile = choice.current({ id: leased.accountId, kind: 'idc' });
    lent.push(`${leased.accountId} ${wireProfile} ${leased.accessToken}`);
    return { ...leased, hasFixedToken, access: { ...leased.access, wireProfile, baseUrl } };
  };
  const catalogue = { models: models.map((id) => ({ id, name: id })) };
  const wire = createFakeWire(replies, () => ({ chunks: [JSON.stringify({ catalogue })] }));
  const upstream = { ...createFakeUpstream(), explainFailure, suggestsOtherWireProfile };
  const gateway = createGateway({
    upstream,
    wireProfiles: choice,
    pool,
    send: wire.send,
    log: SILENT,
    clock,
    media: NO_MEDIA,
    sendEnvironment: false,
    recoverToolCalls: true,
    codeReferences: 'allow',
    unknownModels: 'default',
  });
  const ask = async () => {
    const request = { requestId: 'r', client: 'c', conversation: conversation(), adjustments: [] };
    const answer = await gateway.ask(request, new AbortController().signal);
    for await (const _batch of answer.batches);
    return answer.route.wireProfile;
  };
  const complete = async () => {
    const request = { requestId: 'r', client: 'c', completion: codeCompletion({}), adjustments: [] };
    const [answer] = await gateway.complete(request, new AbortController().signal);
    return answer?.route.wireProfile;
  };
  return { ask, complete, clock, pool, lent };
}

const NO_HOST = new GatewayError('upstream_broken', 'The upstream could not be reached (ENOTFOUND).', {
  cause: Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }),
});

describe('a refused wire profile', () => {
  it.each([
    ['a host that dislikes the user agent', NOT_AUTHORIZED],
    ['a body that the service does not know', refusal(400, 'ValidationException', 'Invalid.', 'REQUEST_BODY_INVALID')],
    ['an unknown operation', refusal(400, 'UnknownOperationException', '')],
    ['an unknown path', { status: 404, chunks: ['Not Found'] }],
    ['a path that the service has removed', { status: 410, chunks: ['Gone'] }],
    ['a member that the service does not know', refusal(400, 'ValidationException', 'Unknown field agentMode.')],
    ['a body in another protocol', refusal(400, 'SerializationException', '')],
    ['a missing profile', refusal(400, 'ValidationException', 'profileArn is required for this request.')],
    ['a host that does not exist', NO_HOST],
  ])('is replaced by the next one within the same request after %s', async (_why, refused) => {
    const { ask, pool, lent } = setup([refused, GOOD, GOOD]);
    expect(await ask()).toBe('two');
    expect(lent).toEqual(['a1 one token-1', 'a1 two token-1']);
    expect(pool.releases.at(-1)).toBe('a1:ok');
    // The next request begins with the profile that worked.
    expect(await ask()).toBe('two');
  });

  it.each([
    [
      'the quota',
      refusal(402, 'ServiceQuotaExceededException', 'Used up.', 'MONTHLY_REQUEST_COUNT'),
      'quota_exhausted',
    ],
    ['the model', refusal(400, 'ValidationException', 'No.', 'INVALID_MODEL_ID'), 'unknown_model'],
    ['the length', refusal(400, 'ValidationException', 'Input is too long.'), 'context_too_long'],
    ['the request itself', refusal(400, 'ValidationException', 'Improperly formed request.'), 'upstream_refused'],
    ['a suspension', refusal(403, 'AccessDeniedException', 'Locked.', 'TEMPORARILY_SUSPENDED'), 'account_suspended'],
  ])('is not replaced after %s', async (_what, refused, code) => {
    const { ask, lent } = setup([refused]);
    await expect(ask()).rejects.toThrow(expect.objectContaining({ code }));
    expect(new Set(lent)).toEqual(new Set(['a1 one token-1']));
  });

  it('is replaced if it refuses a model that the service lists, but not for any other model', async () => {
    const noModel = refusal(400, 'ValidationException', 'Invalid model.', 'INVALID_MODEL_ID');
    const listed = setup([noModel, GOOD], { models: ['some-model'] });
    expect(await listed.ask()).toBe('two');
    const unlisted = setup([noModel]);
    await expect(unlisted.ask()).rejects.toThrow(expect.objectContaining({ code: 'unknown_model' }));
    expect(unlisted.lent).toEqual(['a1 one token-1']);
  });

  it('is replaced only after the token was renewed, which happens once', async () => {
    const { ask, lent, pool } = setup([INVALID_BEARER, INVALID_BEARER, INVALID_BEARER, GOOD]);
    expect(await ask()).toBe('three');
    expect(lent).toEqual(['a1 one token-1', 'a1 one token-2', 'a1 two token-2', 'a1 three token-2']);
    expect(pool.releases).not.toContain('a1:credential_rejected');
  });

  it('is replaced at once if the token cannot be renewed', async () => {
    const { ask, lent } = setup([INVALID_BEARER, GOOD], { hasFixedToken: true });
    expect(await ask()).toBe('two');
    expect(lent).toEqual(['a1 one token-1', 'a1 two token-1']);
  });

  it('is not replaced if the base URL, which all profiles share, is unreachable', async () => {
    const { ask, lent } = setup([NO_HOST, GOOD], { baseUrl: 'http://127.0.0.1:1' });
    expect(await ask()).toBe('one');
    expect(lent).toEqual(['a1 one token-1', 'a1 one token-1']);
  });

  it('is replaced by every other profile once; then the first refusal is reported, followed by a pause', async () => {
    const other = refusal(404, 'UnknownOperationException', 'Gone.');
    const { ask, clock, lent, pool } = setup([NOT_AUTHORIZED, other, other, NOT_AUTHORIZED, NOT_AUTHORIZED, GOOD]);
    await expect(ask()).rejects.toThrow(/User is not authorized/);
    expect(lent).toHaveLength(3);
    expect(pool.releases.at(-1)).toBe('a1:permission_denied');
    await expect(ask()).rejects.toThrow(/User is not authorized/);
    expect(lent).toHaveLength(4);
    clock.advance(10 * 60_000);
    expect(await ask()).toBe('two');
  });

  it('is replaced for a completion only if the operation is missing', async () => {
    const page: FakeReply = { chunks: [JSON.stringify({ completions: [{ text: 'x', sources: [] }] })] };
    const { complete, lent } = setup([{ status: 404, chunks: ['Not Found'] }, page, NOT_AUTHORIZED]);
    expect(await complete()).toBe('two');
    await expect(complete()).rejects.toThrow(/User is not authorized/);
    expect(lent.map((each) => each.slice(0, 6))).toEqual(['a1 one', 'a1 two', 'a1 two']);
  });

  it('does not affect the other accounts', async () => {
    const { ask, lent } = setup([NOT_AUTHORIZED, NOT_AUTHORIZED, NOT_AUTHORIZED, GOOD], { accounts: ['a1', 'a2'] });
    expect(await ask()).toBe('one');
    expect(lent.map((each) => each.slice(0, 6))).toEqual(['a1 one', 'a1 two', 'a1 thr', 'a2 one']);
  });
});
