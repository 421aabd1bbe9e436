import { describe, expect, it } from 'vitest';
import { codewhisperer } from '../upstreams/codewhisperer/index.ts';
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
const BAD_TOKEN = [403, '{"message":"The bearer token included in the request is invalid."}'] as const;
const OK = [200, 'yes'] as const;
const settled = () => new Promise((resolve) => setImmediate(resolve));

type Served = readonly [status: number, body: string];

function answerOf([status, body]: Served): UpstreamAnswer {
  const bytes = async function* () {
    yield Buffer.from(body);
  };
  return { status, header: () => undefined, body: bytes() };
}

/** A fake service with the answer of each region, which records the regions of the requests. */
function setup(east: Served, central: Served | Error) {
  const regions: (string | undefined)[] = [];
  const serving = new Map<string | undefined, Served | Error>([
    ['us-east-1', east],
    ['eu-central-1', central],
  ]);
  const delays = new Map<string | undefined, Promise<void>>();
  let nowMs = 0;
  const send = inEitherRegion(
    async ({ region, url }) => {
      expect(url).toContain(region ?? 'nowhere');
      regions.push(region);
      await delays.get(region);
      const served = serving.get(region) ?? expect.fail(`no answer for ${region}`);
      if (served instanceof Error) throw served;
      return answerOf(served);
    },
    codewhisperer,
    () => nowMs,
  );
  const ask = async (more: Partial<AuthorizedRequest> = {}, signal = never) => {
    const answer = await send({ ...REQUEST, ...more }, signal);
    return [answer.status, await readText(answer)];
  };
  /** Delays answers of that region until the returned function is called. */
  const delay = (region: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    delays.set(region, promise);
    return resolve;
  };
  const serve = (region: string, served: Served) => void serving.set(region, served);
  return { ask, regions, delay, serve, advance: (ms: number) => (nowMs += ms) };
}

describe('the region of an account', () => {
  it('is the other one if the first answers 403 and the other serves the account, and is remembered', async () => {
    const { ask, regions } = setup(FORBIDDEN, OK);
    expect(await ask()).toEqual([200, 'yes']);
    expect(await ask()).toEqual([200, 'yes']);
    expect(regions).toEqual(['us-east-1', 'eu-central-1', 'eu-central-1']);
    expect(await ask({ accountId: 'b' })).toEqual([200, 'yes']);
    expect(regions).toHaveLength(5);
  });

  it('stays the first if the other one refuses the account too, and the other is not tried again soon', async () => {
    const { ask, regions, advance } = setup(FORBIDDEN, FORBIDDEN);
    expect(await ask()).toEqual(FORBIDDEN);
    const first = regions.length;
    expect(await ask()).toEqual(FORBIDDEN);
    expect(first).toBe(2);
    expect(regions).toHaveLength(3);
    advance(11 * 60_000);
    await ask();
    expect(regions).toHaveLength(5);
  });

  it('is looked up again at another host, and the result applies to all hosts', async () => {
    const { ask, regions, serve } = setup(FORBIDDEN, FORBIDDEN);
    await ask();
    serve('eu-central-1', OK);
    const there = {
      url: 'https://runtime.us-east-1.kiro.dev/',
      elsewhere: { region: 'eu-central-1', url: 'https://runtime.eu-central-1.kiro.dev/' },
    };
    expect(await ask(there)).toEqual([200, 'yes']);
    expect(await ask()).toEqual([200, 'yes']);
    expect(regions.slice(2)).toEqual(['us-east-1', 'eu-central-1', 'eu-central-1']);
  });

  it.each<[string, Served | Error]>([
    ['cannot be reached', new Error('ENOTFOUND')],
    ['is in trouble', [503, '{}']],
    ['has too much to do', [429, '{}']],
    ['refuses the token', BAD_TOKEN],
  ])('is looked up again by the next request when the other one %s', async (_name, central) => {
    const { ask, regions, serve } = setup(FORBIDDEN, central);
    expect(await ask()).toEqual(FORBIDDEN);
    serve('eu-central-1', OK);
    expect(await ask()).toEqual([200, 'yes']);
    expect(await ask()).toEqual([200, 'yes']);
    expect(regions).toEqual(['us-east-1', 'eu-central-1', 'us-east-1', 'eu-central-1', 'eu-central-1']);
  });

  it('is found with the new token after both refused the old one', async () => {
    const { ask, serve } = setup(BAD_TOKEN, BAD_TOKEN);
    expect(await ask()).toEqual(BAD_TOKEN);
    serve('eu-central-1', OK);
    expect(await ask()).toEqual([200, 'yes']);
  });

  it('is looked up once for concurrent requests, and serves them all', async () => {
    const { ask, regions, delay } = setup(FORBIDDEN, OK);
    const open = delay('eu-central-1');
    const asks = [ask(), ask(), ask()];
    await settled();
    expect(regions.filter((region) => region === 'eu-central-1')).toHaveLength(1);
    // A request that arrives only now is served as well.
    asks.push(ask());
    await settled();
    open();
    expect(await Promise.all(asks)).toEqual([OK, OK, OK, OK]);
    expect(regions.filter((region) => region === 'eu-central-1')).toHaveLength(4);
  });

  it('is looked up by each request itself when the shared lookup fails', async () => {
    const { ask, regions, delay } = setup(FORBIDDEN, new Error('ENOTFOUND'));
    const open = delay('eu-central-1');
    const asks = [ask(), ask(), ask()];
    await settled();
    open();
    expect(await Promise.all(asks)).toEqual([FORBIDDEN, FORBIDDEN, FORBIDDEN]);
    expect(regions.filter((region) => region === 'eu-central-1')).toHaveLength(3);
  });

  it('is not waited for by a disconnected client', async () => {
    const { ask, delay } = setup(FORBIDDEN, OK);
    const open = delay('eu-central-1');
    const first = ask();
    const gone = new AbortController();
    const second = ask({}, gone.signal);
    await settled();
    gone.abort();
    await expect(second).rejects.toMatchObject({ code: 'client_closed' });
    open();
    expect(await first).toEqual(OK);
  });

  it.each<[string, Served, Partial<AuthorizedRequest>]>([
    ['an answer', OK, {}],
    ['an overload', [503, '{}'], {}],
    ['a suspension', [403, '{"message":"x","reason":"TEMPORARILY_SUSPENDED"}'], {}],
    ['a refusal if the profile names its region', FORBIDDEN, { elsewhere: undefined as never }],
    ['a refusal of a request without an account', FORBIDDEN, { accountId: undefined }],
  ])('is not looked up after %s', async (_name, east, more) => {
    const { ask, regions } = setup(east, OK);
    expect(await ask(more)).toEqual(east);
    expect(regions).toEqual(['us-east-1']);
  });
});
