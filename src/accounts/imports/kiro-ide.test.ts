import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Credential } from '../credentials.ts';
import { findKiroIde } from './kiro-ide.ts';
import { openLinked } from './linked.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-kiro-'));
  path = join(folder, 'kiro-auth-token.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const REFRESH = `aor${'x'.repeat(200)}`;
const HASH = 'e909a0580879b06ece1202964fbe9dda95ea4ce3';
const IDC = {
  accessToken: 'aoaACCESS',
  refreshToken: REFRESH,
  expiresAt: '2026-01-05T10:00:00.000Z',
  clientIdHash: HASH,
  authMethod: 'IdC',
  provider: 'BuilderId',
  region: 'us-east-1',
};
const SOCIAL = {
  accessToken: 'aoaACCESS',
  refreshToken: REFRESH,
  profileArn: 'arn:aws:codewhisperer:us-east-1:111122223333:profile/ABCDEFGHIJKL',
  expiresAt: '2026-01-05T10:00:00.000Z',
  authMethod: 'social',
  provider: 'Google',
};

function write(token: object, registration: object | undefined = { clientId: 'id', clientSecret: 'secret' }): void {
  writeFileSync(path, JSON.stringify(token));
  if (registration) writeFileSync(join(folder, `${HASH}.json`), JSON.stringify(registration));
}

const open = () => openLinked({ type: 'kiro-file', path });
const read = () => open().read();
async function problem() {
  const [finding] = await findKiroIde(path, { nowMs: Date.UTC(2026, 0, 10), idpHosts: [] });
  return finding?.outcome.type === 'problem' ? finding.outcome.problem : expect.fail('no problem');
}

describe('reading the Kiro IDE’s file', () => {
  it('finds a Builder ID with its registration', async () => {
    write(IDC);
    expect(await read()).toEqual({
      credential: {
        kind: 'builder-id',
        refreshToken: REFRESH,
        clientId: 'id',
        clientSecret: 'secret',
        region: 'us-east-1',
        startUrl: undefined,
        profileArn: undefined,
      },
      accessToken: { value: 'aoaACCESS', expiresAtMs: Date.UTC(2026, 0, 5, 10) },
    });
  });

  it('finds a social account with its profile', async () => {
    write(SOCIAL, undefined);
    const { refreshToken, profileArn } = SOCIAL;
    expect((await read())?.credential).toEqual({ kind: 'social', refreshToken, region: 'us-east-1', profileArn });
  });

  it.each([
    ['an organisation', { ...IDC, provider: 'Enterprise', startUrl: 'https://acme.awsapps.com/start' }, 'idc'],
    ['a method in another case', { ...SOCIAL, authMethod: 'Social' }, 'social'],
    ['no method but a social provider', { ...SOCIAL, authMethod: undefined, provider: 'Github' }, 'social'],
    ['the client inline', { ...IDC, clientIdHash: undefined, clientId: 'i', clientSecret: 's' }, 'builder-id'],
  ])('understands %s', async (_name, token, kind) => {
    write(token);
    expect((await read())?.credential.kind).toBe(kind);
  });

  it.each([
    ['milliseconds since 1970', Date.UTC(2026, 0, 5, 10)],
    ['seconds since 1970', Date.UTC(2026, 0, 5, 10) / 1000],
    ['a date without a zone', '2026-01-05T10:00:00.000'],
    ['a zone in letters', '2026-01-05T10:00:00UTC'],
    ['another zone', '2026-01-05T11:00:00+01:00'],
    ['nanoseconds', '2026-01-05T10:00:00.000000000Z'],
  ])('understands %s', async (_name, expiresAt) => {
    write({ ...IDC, expiresAt });
    expect((await read())?.accessToken?.expiresAtMs).toBe(Date.UTC(2026, 0, 5, 10));
  });

  it.each([
    ['a short refresh token', { ...IDC, refreshToken: 'aorSHORT' }, 'truncated', /8 characters/],
    ['a masked refresh token', { ...IDC, refreshToken: `aor...${'x'.repeat(200)}` }, 'masked', /masked copy/],
    ['no refresh token', { ...IDC, refreshToken: undefined }, 'expired', /expired on 2026-01-05/],
    ['a malformed region', { ...IDC, region: 'evil.example/' }, 'bad-region', /"evil.example\/" is not an AWS region/],
    ['a malformed ARN', { ...SOCIAL, profileArn: 'arn:aws:s3:::bucket' }, 'bad-arn', /not a profile ARN/],
    ['a malformed start URL', { ...IDC, startUrl: 'javascript:1' }, 'bad-start-url', /https URL/],
    ['a hash that points to another folder', { ...IDC, clientIdHash: `../${HASH}` }, 'no-registration', /registration/],
    ['a missing registration', { ...IDC, clientIdHash: 'absent' }, 'no-registration', /registration/],
    ['a registration of another client', { ...IDC, clientId: 'another' }, 'no-registration', /registration/],
    ['half an identity provider', { ...IDC, authMethod: 'external_idp' }, 'no-registration', /identity provider/],
  ])('rejects a file with %s, and says why', async (_name, token, code, message) => {
    write(token);
    expect(await read()).toBeUndefined();
    expect(await problem()).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('finds an account at an identity provider if its host may receive refresh tokens', async () => {
    const external = {
      ...IDC,
      authMethod: 'external_idp',
      provider: 'ExternalIdp',
      clientIdHash: undefined,
      clientId: 'app',
      tokenEndpoint: 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token',
      scopes: 'openid offline_access',
    };
    write(external);
    expect((await read())?.credential).toMatchObject({
      kind: 'external-idp',
      clientId: 'app',
      tokenEndpoint: external.tokenEndpoint,
      scopes: ['openid', 'offline_access'],
    });
    write({ ...external, tokenEndpoint: 'https://evil.example/token' });
    expect(await problem()).toMatchObject({ code: 'bad-token-endpoint' });
  });

  it('rejects an expired client registration', async () => {
    write(IDC, { clientId: 'id', clientSecret: 'secret', expiresAt: '2026-01-01T00:00:00.000' });
    expect(await problem()).toMatchObject({ code: 'expired', message: expect.stringContaining('2026-01-01') });
  });

  it('ignores an access token that is masked or undated', async () => {
    write({ ...IDC, accessToken: 'aoa...x' });
    expect(await read()).toMatchObject({ accessToken: undefined });
    write({ ...IDC, expiresAt: 'soon' });
    expect(await read()).toMatchObject({ accessToken: undefined });
  });

  it('finds nothing if the file is missing or truncated', async () => {
    expect(await read()).toBeUndefined();
    writeFileSync(path, '{"accessToken": "aoa');
    expect(await read()).toBeUndefined();
  });

  it('rejects a folder, a truncated file and a list', async () => {
    expect(await findKiroIde(path, { nowMs: 0 })).toEqual([]);
    writeFileSync(path, '{"accessToken": "aoa');
    expect(await problem()).toMatchObject({ code: 'not-json' });
    writeFileSync(path, '[]');
    expect(await problem()).toMatchObject({ code: 'unknown-shape' });
    rmSync(path);
    mkdirSync(path);
    expect(await problem()).toMatchObject({ code: 'unreadable' });
  });

  it('reads no other file in the folder', async () => {
    write({ ...IDC, clientIdHash: undefined });
    writeFileSync(join(folder, 'other.json'), JSON.stringify({ clientId: 'theirs', clientSecret: 'theirs' }));
    expect(await read()).toBeUndefined();
  });
});

describe('writing it back', () => {
  const accessToken = { value: 'aoaNEW', expiresAtMs: Date.UTC(2026, 0, 5, 11) };

  it('changes only the tokens and the date, and keeps the mode', async () => {
    write({ ...IDC, somethingOfTheirs: { kept: true } });
    chmodSync(path, 0o640);
    const credential = (await read())?.credential;
    if (credential?.kind !== 'builder-id') return expect.fail('no credential');
    const next = { ...credential, refreshToken: `aorNEW${REFRESH}` };
    expect(await open().write(next, accessToken, () => true)).toBe('written');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      ...IDC,
      accessToken: 'aoaNEW',
      refreshToken: `aorNEW${REFRESH}`,
      expiresAt: '2026-01-05T11:00:00.000Z',
      somethingOfTheirs: { kept: true },
    });
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual([`${HASH}.json`, 'kiro-auth-token.json']);
    expect((await read())?.accessToken).toEqual(accessToken);
  });

  const social = { kind: 'social', refreshToken: REFRESH, region: 'us-east-1', profileArn: undefined } as const;

  it('does not recreate a removed file', async () => {
    expect(await open().write(social, accessToken, () => true)).toBe('gone');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps a credential that must not be replaced', async () => {
    write(SOCIAL);
    const before = readFileSync(path, 'utf8');
    const mayReplace = (present: Credential) => present.kind === 'idc';
    expect(await open().write(social, accessToken, mayReplace)).toBe('theirs-is-newer');
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});
