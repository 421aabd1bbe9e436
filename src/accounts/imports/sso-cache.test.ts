import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLinked } from './linked.ts';
import { findInSsoCache } from './sso-cache.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-sso-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const REFRESH = `aor${'x'.repeat(200)}`;
const TOKEN = {
  accessToken: 'aoaACCESS',
  expiresAt: '2026-01-05T10:00:00Z',
  refreshToken: REFRESH,
  clientId: 'id',
  clientSecret: 'secret',
  registrationExpiresAt: '2026-03-01T00:00:00Z',
  region: 'eu-west-1',
  startUrl: 'https://acme.awsapps.com/start',
  scopes: ['codewhisperer:conversations', 'codewhisperer:completions'],
};

const put = (name: string, value: unknown) =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
const find = () => findInSsoCache(folder, { nowMs: Date.UTC(2026, 0, 5) });
async function outcomes() {
  return (await find()).map(({ outcome }) =>
    outcome.type === 'credential' ? outcome.secrets.credential : outcome.problem.code,
  );
}

describe('the AWS SSO cache', () => {
  it('finds each token for this service, and ignores registrations and the Kiro IDE’s file', async () => {
    put('aaa.json', TOKEN);
    put('kiro-auth-token.json', TOKEN);
    put('registration.json', { clientId: 'other', clientSecret: 's', expiresAt: '2026-03-01T00:00:00Z' });
    expect(await find()).toMatchObject([{ label: 'AWS SSO cache acme.awsapps.com/start', isSure: true }]);
    expect(await outcomes()).toMatchObject([
      { kind: 'idc', region: 'eu-west-1', clientId: 'id', clientSecret: 'secret' },
    ]);
  });

  it('finds only the client that a token names', async () => {
    put('aaa.json', { ...TOKEN, clientSecret: undefined, scopes: undefined });
    put('bbb.json', { clientId: 'another', clientSecret: 'wrong', expiresAt: '2026-03-01T00:00:00Z' });
    expect(await outcomes()).toEqual(['no-registration']);
    put('ccc.json', { clientId: 'id', clientSecret: 'right', expiresAt: '2026-03-01T00:00:00Z', scopes: TOKEN.scopes });
    expect(await outcomes()).toMatchObject([{ clientSecret: 'right' }]);
    expect(await find()).toMatchObject([{ isSure: true }]);
  });

  it.each([
    ['made for AWS accounts', { ...TOKEN, scopes: ['sso:account:access'] }, 'other-purpose'],
    ['that has expired', { ...TOKEN, refreshToken: undefined, expiresAt: '2025-12-01T00:00:00Z' }, 'expired'],
    ['without a refresh token', { ...TOKEN, refreshToken: undefined }, 'no-refresh-token'],
    ['whose client has run out', { ...TOKEN, registrationExpiresAt: '2025-12-01T00:00:00Z' }, 'expired'],
    ['of no region', { ...TOKEN, region: 'x' }, 'bad-region'],
  ])('reports a token %s', async (_name, token, code) => {
    put('aaa.json', token);
    expect(await outcomes()).toEqual([code]);
  });

  it('is not sure of a token without a stated purpose', async () => {
    put('aaa.json', { ...TOKEN, scopes: undefined });
    expect(await find()).toMatchObject([{ isSure: false, outcome: { type: 'credential' } }]);
  });

  it('reports a file that is not JSON, and continues with the others', async () => {
    put('aaa.json', '{"accessToken":');
    put('bbb.json', TOKEN);
    expect(await outcomes()).toMatchObject(['not-json', { kind: 'idc' }]);
  });

  it('is empty if the folder does not exist', async () => {
    expect(await findInSsoCache(join(folder, 'absent'), { nowMs: 0 })).toEqual([]);
  });

  it('receives a rotated token in its own format, with its mode', async () => {
    put('aaa.json', TOKEN);
    const path = join(folder, 'aaa.json');
    chmodSync(path, 0o600);
    const file = openLinked({ type: 'sso-cache', path }, () => Date.UTC(2026, 0, 5));
    const credential = (await file.read())?.credential;
    if (credential?.kind !== 'idc') return expect.fail('no credential');
    const next = { ...credential, refreshToken: `${REFRESH}2` };
    const accessToken = { value: 'aoaNEW', expiresAtMs: Date.UTC(2026, 0, 5, 11) };
    expect(await file.write(next, accessToken, () => true)).toBe('written');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      ...TOKEN,
      accessToken: 'aoaNEW',
      refreshToken: `${REFRESH}2`,
      expiresAt: '2026-01-05T11:00:00.000Z',
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
