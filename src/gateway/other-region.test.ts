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

/** What each region answers, and which were asked. */
function setup(east: Served, central: Served | Error) {
  const asked: (string | undefined)[] = [];
  const serving = new Map<string | undefined, Served | Error>([
    ['us-east-1', east],
    ['eu-central-1', central],
  ]);
  const held = new Map<string | undefined, Promise<void>>();
  let nowMs = 0;
  const send = inEitherRegion(
    async ({ region, url }) => {
      expect(url).toContain(region ?? 'nowhere');
      asked.push(region);
      await held.get(region);
      const served = serving.get(region) ?? expect.fail(`nobody is in ${region}`);
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
  /** Answers of that region wait until the returned function is called. */
  const hold = (region: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.set(region, promise);
    return resolve;
  };
  const serve = (region: string, served: Served) => void serving.set(region, served);
  return { ask, asked, hold, serve, advance: (ms: number) => (nowMs += ms) };
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

  it('stays what it was when the other one refuses it too, and is not asked for again soon', async () => {
    const { ask, asked, advance } = setup(FORBIDDEN, FORBIDDEN);
    expect(await ask()).toEqual(FORBIDDEN);
    const first = asked.length;
    expect(await ask()).toEqual(FORBIDDEN);
    expect(first).toBe(2);
    expect(asked).toHaveLength(3);
    advance(11 * 60_000);
    await ask();
    expect(asked).toHaveLength(5);
  });

  it('is asked for again at another host, and what that learns holds for all', async () => {
    const { ask, asked, serve } = setup(FORBIDDEN, FORBIDDEN);
    await ask();
    serve('eu-central-1', OK);
    const there = {
      url: 'https://runtime.us-east-1.kiro.dev/',
      elsewhere: { region: 'eu-central-1', url: 'https://runtime.eu-central-1.kiro.dev/' },
    };
    expect(await ask(there)).toEqual([200, 'yes']);
    expect(await ask()).toEqual([200, 'yes']);
    expect(asked.slice(2)).toEqual(['us-east-1', 'eu-central-1', 'eu-central-1']);
  });

  it.each<[string, Served | Error]>([
    ['cannot be reached', new Error('ENOTFOUND')],
    ['is in trouble', [503, '{}']],
    ['has too much to do', [429, '{}']],
    ['refuses the token', BAD_TOKEN],
  ])('is asked for again by the next request when the other one %s', async (_name, central) => {
    const { ask, asked, serve } = setup(FORBIDDEN, central);
    expect(await ask()).toEqual(FORBIDDEN);
    serve('eu-central-1', OK);
    expect(await ask()).toEqual([200, 'yes']);
    expect(await ask()).toEqual([200, 'yes']);
    expect(asked).toEqual(['us-east-1', 'eu-central-1', 'us-east-1', 'eu-central-1', 'eu-central-1']);
  });

  it('is found with the new token after both refused the old one', async () => {
    const { ask, serve } = setup(BAD_TOKEN, BAD_TOKEN);
    expect(await ask()).toEqual(BAD_TOKEN);
    serve('eu-central-1', OK);
    expect(await ask()).toEqual([200, 'yes']);
  });

  it('is asked for once by requests which come together, and serves them all', async () => {
    const { ask, asked, hold } = setup(FORBIDDEN, OK);
    const open = hold('eu-central-1');
    const asks = [ask(), ask(), ask()];
    await settled();
    expect(asked.filter((region) => region === 'eu-central-1')).toHaveLength(1);
    // One which comes only now is not refused either.
    asks.push(ask());
    await settled();
    open();
    expect(await Promise.all(asks)).toEqual([OK, OK, OK, OK]);
    expect(asked.filter((region) => region === 'eu-central-1')).toHaveLength(4);
  });

  it('is asked for by each itself when the one who asked for all learned nothing', async () => {
    const { ask, asked, hold } = setup(FORBIDDEN, new Error('ENOTFOUND'));
    const open = hold('eu-central-1');
    const asks = [ask(), ask(), ask()];
    await settled();
    open();
    expect(await Promise.all(asks)).toEqual([FORBIDDEN, FORBIDDEN, FORBIDDEN]);
    expect(asked.filter((region) => region === 'eu-central-1')).toHaveLength(3);
  });

  it('is not waited for by a client who has gone', async () => {
    const { ask, hold } = setup(FORBIDDEN, OK);
    const open = hold('eu-central-1');
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
    ['a profile which says where it is', FORBIDDEN, { elsewhere: undefined as never }],
    ['a question which no account asks', FORBIDDEN, { accountId: undefined }],
  ])('is not doubted because of %s', async (_name, east, more) => {
    const { ask, asked } = setup(east, OK);
    expect(await ask(more)).toEqual(east);
    expect(asked).toEqual(['us-east-1']);
  });
});
