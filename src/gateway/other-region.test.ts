import { describe, expect, it } from 'vitest';
import { explainFailure } from '../upstreams/codewhisperer/failures.ts';
import { readText } from './context.ts';
import { inEitherRegion } from './other-region.ts';
import type { AuthorizedRequest, UpstreamAnswer } from './ports.ts';

const never = new AbortController().signal;
const REQUEST: AuthorizedRequest = {
  method: 'POST',
  url: 'https://q.us-east-1.amazonaws.com/',
  region: 'us-east-1',
  elsewhere: { region: 'eu-central-1', url: 'https://q.eu-central-1.amazonaws.com/' },
  headers: {},
  body: '{}',
  accountId: 'a',
};
const FORBIDDEN = [403, '{"message":"User is not authorized to make this call."}'] as const;
const OK = [200, 'yes'] as const;

type Served = readonly [status: number, body: string];

function answerOf([status, body]: Served): UpstreamAnswer {
  const bytes = async function* () {
    yield Buffer.from(body);
  };
  return { status, header: () => undefined, body: bytes() };
}

/** What each region answers, and which were asked. */
function setup(east: Served, central: Served | Error) {
  const asked: (string | undefined)[] = [];
  let nowMs = 0;
  const send = inEitherRegion(
    async ({ region, url }) => {
      expect(url).toContain(region ?? 'nowhere');
      asked.push(region);
      const served = region === 'us-east-1' ? east : central;
      if (served instanceof Error) throw served;
      return answerOf(served);
    },
    explainFailure,
    () => nowMs,
  );
  const ask = async (more: Partial<AuthorizedRequest> = {}) => {
    const answer = await send({ ...REQUEST, ...more }, never);
    return [answer.status, await readText(answer)];
  };
  return { ask, asked, advance: (ms: number) => (nowMs += ms) };
}

describe('the region of an account', () => {
  it('is the other one when the first says 403 and that one serves it; then it is remembered', async () => {
    const { ask, asked } = setup(FORBIDDEN, OK);
    expect(await ask()).toEqual([200, 'yes']);
    expect(await ask()).toEqual([200, 'yes']);
    expect(asked).toEqual(['us-east-1', 'eu-central-1', 'eu-central-1']);
    expect(await ask({ accountId: 'b' })).toEqual([200, 'yes']);
    expect(asked).toHaveLength(5);
  });

  it.each<[string, Served | Error]>([
    ['refuses it too', [403, '{"message":"no"}']],
    ['cannot be reached', new Error('ENOTFOUND')],
  ])('stays what it was when the other one %s, and is not asked for again soon', async (_name, central) => {
    const { ask, asked, advance } = setup(FORBIDDEN, central);
    expect(await ask()).toEqual(FORBIDDEN);
    const first = asked.length;
    expect(await ask()).toEqual(FORBIDDEN);
    expect(first).toBe(2);
    expect(asked).toHaveLength(3);
    advance(11 * 60_000);
    await ask();
    expect(asked).toHaveLength(5);
  });

  it.each<[string, Served, Partial<AuthorizedRequest>]>([
    ['an answer', OK, {}],
    ['an overload', [503, '{}'], {}],
    ['a suspension', [403, '{"message":"x","reason":"TEMPORARILY_SUSPENDED"}'], {}],
    ['a profile which says where it is', FORBIDDEN, { elsewhere: undefined as never }],
    ['a question which no account asks', FORBIDDEN, { accountId: undefined }],
  ])('is not doubted because of %s', async (_name, east, more) => {
    const { ask, asked } = setup(east, OK);
    expect(await ask(more)).toEqual(east);
    expect(asked).toEqual(['us-east-1']);
  });
});
