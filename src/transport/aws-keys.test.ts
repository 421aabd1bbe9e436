import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import type { IamCredential } from '../accounts/credentials.ts';
import type { GatewayError } from '../core/errors.ts';
import { isSignedWith, parseAuthorization } from '../simulator/sigv4.ts';
import { createSigningKeys, type FindKeys } from './aws-keys.ts';

const IAM: IamCredential = { kind: 'iam', region: 'us-east-1', awsProfile: undefined };
const MINUTE_MS = 60_000;
const SECRET = 'secretCANARY';

/** Keys `AKIA1`, `AKIA2`, …, each valid for an hour; undefined in `found` is a chain that finds nothing. */
function setup(lifeMs: number | undefined = 60 * MINUTE_MS) {
  const clock = createFakeClock();
  const asked: (string | undefined)[] = [];
  const chain = { trouble: false, same: false };
  const find: FindKeys = async (_credential, proxy) => {
    asked.push(proxy);
    if (chain.trouble) throw new Error('no keys in /home/user/.aws');
    return {
      accessKeyId: `AKIA${chain.same ? 1 : asked.length}`,
      secretAccessKey: SECRET,
      sessionToken: 'session',
      ...(lifeMs === undefined ? {} : { expiration: new Date(clock.now() + lifeMs) }),
    };
  };
  return { keys: createSigningKeys(find, clock), clock, asked, chain };
}

async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: GatewayError) => error,
  );
}

describe('keys of the credential chain', () => {
  it('are fetched once, and again before they expire', async () => {
    const { keys, clock, asked } = setup();
    const many = await Promise.all([1, 2, 3].map(() => keys.present(IAM, undefined, undefined)));
    expect(many.map(({ value }) => value)).toEqual(['AKIA1', 'AKIA1', 'AKIA1']);
    clock.advance(54 * MINUTE_MS);
    expect((await keys.present(IAM, undefined, undefined)).value).toBe('AKIA1');
    clock.advance(2 * MINUTE_MS);
    expect((await keys.present(IAM, undefined, undefined)).value).toBe('AKIA2');
    expect(asked).toHaveLength(2);
  });

  it('are fetched again when the service rejects them', async () => {
    const { keys } = setup(undefined);
    const { value } = await keys.present(IAM, undefined, undefined);
    expect((await keys.present(IAM, value, undefined)).value).toBe('AKIA2');
  });

  it('are used until they expire if no others are available', async () => {
    const { keys, clock, chain } = setup();
    await keys.present(IAM, undefined, undefined);
    chain.trouble = true;
    clock.advance(58 * MINUTE_MS);
    expect((await keys.present(IAM, undefined, undefined)).value).toBe('AKIA1');
    clock.advance(3 * MINUTE_MS);
    expect((await failure(keys.present(IAM, undefined, undefined))).code).toBe('credential_unavailable');
  });

  it('time out while the chain hangs, and are fetched again by the next request', async () => {
    const clock = createFakeClock();
    const hanging = [
      Promise.withResolvers<never>().promise,
      Promise.resolve({ accessKeyId: 'AKIA2', secretAccessKey: SECRET }),
    ];
    const keys = createSigningKeys(() => hanging.shift() ?? expect.fail(), clock, 5);
    const late = failure(keys.present(IAM, undefined, undefined));
    clock.advance(5);
    expect((await late).code).toBe('credential_unavailable');
    expect((await keys.present(IAM, undefined, undefined)).value).toBe('AKIA2');
  });

  it('are reported as missing without the messages of the credential chain', async () => {
    const { keys, chain } = setup();
    chain.trouble = true;
    const error = await failure(keys.present({ ...IAM, awsProfile: 'work' }, undefined, undefined));
    expect(error.message).toContain('aws sts get-caller-identity --profile work');
    expect(error.message).not.toContain('/home');
  });

  it('are cached by profile and proxy, and fetched through the proxy', async () => {
    const { keys, asked } = setup();
    const proxy = 'http://proxy.example:3128';
    const found = [
      await keys.present(IAM, undefined, undefined),
      await keys.present({ ...IAM, awsProfile: 'work' }, undefined, undefined),
      await keys.present(IAM, undefined, proxy),
    ];
    expect(found.map(({ value }) => value)).toEqual(['AKIA1', 'AKIA2', 'AKIA3']);
    expect(asked).toEqual([undefined, undefined, proxy]);
  });
});

describe('a signed request', () => {
  it.each([
    ['a body', { method: 'POST', url: 'https://q.eu-central-1.amazonaws.com/', body: '{"text":"wörter 🎉"}' }],
    ['a query', { method: 'GET', url: 'http://127.0.0.1:9/a%20b/c?x=1&y=a%20b%2Fc', body: undefined }],
  ])('matches another implementation: %s', async (_name, { method, url, body }) => {
    const { keys, clock } = setup();
    const given = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'A.B', 'user-agent': 'dragoman/0' };
    const request = { method, url, body, region: 'eu-central-1', headers: given };
    const headers = await keys.signer(IAM, undefined)(request);
    expect(headers).toMatchObject({ ...given, 'x-amz-security-token': 'session' });
    expect(headers['x-amz-date']).toBe(new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, ''));
    expect(JSON.stringify(headers)).not.toContain(SECRET);
    const scope = parseAuthorization(headers.authorization ?? '');
    expect(scope).toMatchObject({ accessKeyId: 'AKIA1', region: 'eu-central-1', service: 'q' });
    expect(scope?.signedHeaders).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']));
    const { host, pathname: path, searchParams: query } = new URL(url);
    const sent = { method, path, query, headers: { ...headers, host }, body: Buffer.from(body ?? '') };
    expect(scope && isSignedWith(SECRET, sent, scope)).toBe(true);
    expect(scope && isSignedWith('another', sent, scope)).toBe(false);
  });

  it('is never made for an invalid region', async () => {
    const { keys } = setup();
    const request = { method: 'POST', url: 'https://x/', region: 'x.evil', headers: {}, body: '' };
    expect((await failure(keys.signer(IAM, undefined)(request))).code).toBe('invalid_request');
  });
});
