import { describe, expect, it } from 'vitest';
import { codewhisperer } from '../upstreams/codewhisperer/index.ts';
import type { AuthorizedRequest, SendUpstream, UpstreamAnswer } from './ports.ts';
import { readUsageLimits } from './usage-limits.ts';

const ARN = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/ABC';
const LIMITS = JSON.stringify({ limits: [{ type: 'AGENTIC_REQUEST', currentUsage: 1, totalUsageLimit: 50 }] });

function answer(status: number, text: string): UpstreamAnswer {
  const body = (async function* () {
    yield Buffer.from(text);
  })();
  return { status, header: () => undefined, body };
}

function setup(profileArn: string | undefined, answers: readonly UpstreamAnswer[]) {
  const requests: AuthorizedRequest[] = [];
  const left = [...answers];
  const access = { region: 'us-east-1', profileArn, wireProfile: 'q-rest', baseUrl: undefined, kind: 'builder-id' };
  const send: SendUpstream = async (request) => {
    requests.push(request);
    return left.shift() ?? expect.fail('the test has no further answer');
  };
  const context = { upstream: codewhisperer, send };
  const read = () =>
    readUsageLimits(context, { accountId: 'a', access, accessToken: 'token-1' }, AbortSignal.timeout(10_000));
  const profiles = () => requests.map(({ url }) => new URL(url).searchParams.get('profileArn'));
  return { read, requests, profiles };
}

describe('usage limits', () => {
  it("are requested with the account's token and profile", async () => {
    const { read, requests, profiles } = setup(ARN, [answer(200, LIMITS)]);
    expect(await read()).toMatchObject({ allowances: [{ used: 1, limit: 50 }] });
    expect(requests[0]).toMatchObject({ method: 'GET', headers: { authorization: 'Bearer token-1' } });
    expect(profiles()).toEqual([ARN]);
  });

  it.each([
    [400, '{"message":"Improperly formed request."}'],
    [403, '{"message":"Invalid token"}'],
  ])('are requested once more without the profile after %i, in its region', async (status, refusal) => {
    const { read, requests, profiles } = setup(ARN, [answer(status, refusal), answer(200, LIMITS)]);
    expect(await read()).toMatchObject({ allowances: [{ used: 1 }] });
    expect(profiles()).toEqual([ARN, null]);
    expect(requests.map(({ url }) => new URL(url).host)).toEqual(Array(2).fill('q.eu-central-1.amazonaws.com'));
  });

  it('are not available if both forms are refused: the first refusal is reported', async () => {
    const refusal = answer(403, '{"message":"Invalid token"}');
    const { read } = setup(ARN, [refusal, answer(500, '')]);
    await expect(read()).rejects.toMatchObject({ code: 'token_rejected' });
  });

  it.each([
    ['without a profile', undefined, 403],
    ['when it is not about the profile', ARN, 500],
  ])('are requested only once %s', async (_name, profileArn, status) => {
    const { read, requests } = setup(profileArn, [answer(status, '{}')]);
    await expect(read()).rejects.toBeInstanceOf(Error);
    expect(requests).toHaveLength(1);
  });
});
