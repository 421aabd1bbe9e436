import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../core/json.ts';
import { findInDocument } from './gateway-file.ts';
import { openLinked } from './linked.ts';

const NOW_MS = Date.UTC(2026, 0, 5);
const R = (name: string) => `aor${name}${'x'.repeat(150)}`;
const ARN = 'arn:aws:codewhisperer:us-east-1:111122223333:profile/ABCDEFGHIJKL';
const AWS = { refreshToken: R('aws'), clientId: 'id', clientSecret: 'secret', region: 'us-east-1' };
const SNAKE = { refresh_token: R('snake'), client_id: 'id', client_secret: 'secret', auth_method: 'builder-id' };
const SOCIAL = { refreshToken: R('social'), authMethod: 'social', profileArn: ARN };

const find = (document: JsonValue) => findInDocument('/x/accounts.json', document, { nowMs: NOW_MS, idpHosts: [] });
const outcomes = (document: JsonValue) =>
  find(document).map(({ outcome }) =>
    outcome.type === 'credential' ? outcome.secrets.credential.kind : outcome.problem.code,
  );

describe('files of other gateways', () => {
  it.each<[string, JsonValue, string[]]>([
    ['one object', AWS, ['builder-id']],
    ['one object in snake_case', SNAKE, ['builder-id']],
    ['a social account by its refresh token alone', { refreshToken: R('a') }, ['social']],
    ['an array of both spellings', [AWS, SNAKE, SOCIAL], ['builder-id', 'builder-id', 'social']],
    [
      'an array with abbreviated methods',
      [
        { auth: 'Social', refreshToken: R('s') },
        { auth: 'IdC', ...AWS },
      ],
      ['social', 'builder-id'],
    ],
    ['a wrapped array', { version: 1, accounts: [AWS, SOCIAL] }, ['builder-id', 'social']],
    ['accounts by name', { accounts: { me: AWS, you: SOCIAL } }, ['builder-id', 'social']],
    [
      'tokens one level down, beside the person',
      { accounts: [{ email: 'a@b', idp: 'Google', credentials: { ...SOCIAL, authMethod: null, expiresAt: 1 } }] },
      ['social'],
    ],
    [
      'connections of a gateway for many services',
      {
        providerConnections: [
          { provider: 'kiro', refreshToken: R('k'), providerSpecificData: { profileArn: ARN, authMethod: 'social' } },
          { provider: 'claude', refreshToken: 'sk-ant-ort01-something-of-anthropic' },
          { type: 'gemini', refresh_token: '1//google', client_id: 'g', client_secret: 'g' },
        ],
      },
      ['social', 'foreign', 'foreign'],
    ],
    ['an organisation by its start URL', { ...AWS, startUrl: 'https://acme.awsapps.com/start' }, ['idc']],
    ['an organisation by its region', { ...AWS, idcRegion: 'eu-central-1', region: 'us-east-1' }, ['idc']],
    ['a Kiro API key', { kiroApiKey: 'ksk_abc' }, ['api-key']],
    ['nothing at all', {}, ['unknown-shape']],
    ['foreign JSON', { name: 'package', version: '1.0.0', apiKey: 'sk-live', token: 'abc' }, ['unknown-shape']],
    ['a number', 5, ['unknown-shape']],
    ['a refresh token without any context', { refreshToken: 'y'.repeat(200) }, ['foreign']],
    ['an access token alone', { accessToken: 'aoa1', expiresAt: NOW_MS / 1000 + 60 }, ['no-refresh-token']],
    ['an expired access token', { accessToken: 'aoa1', expiresAt: NOW_MS / 1000 - 60 }, ['expired']],
    ['two refresh tokens in one object', { ...AWS, refresh_token: R('other') }, ['ambiguous']],
    ['two clients in one object', { ...AWS, credentials: { clientId: 'other' } }, ['ambiguous']],
    ['a masked token', { ...AWS, refreshToken: `aor...${R('x')}` }, ['masked']],
    ['a truncated token', { ...AWS, refreshToken: 'aorABC' }, ['truncated']],
    ['a masked client secret', { ...AWS, clientSecret: 'ey••••' }, ['masked']],
    ['half a client', { ...AWS, clientSecret: null }, ['no-registration']],
    ['a wrong region', { ...AWS, region: 'us-east-1/../' }, ['bad-region']],
    ['a malformed ARN', { ...SOCIAL, profileArn: 'arn:aws:codewhisperer:us-east-1:1:profile/X' }, ['bad-arn']],
    [
      'an untrusted token endpoint',
      { ...SNAKE, auth_method: 'external_idp', token_endpoint: 'https://x.example' },
      ['bad-token-endpoint'],
    ],
  ])('are understood: %s', (_name, document, kinds) => {
    expect(outcomes(document)).toEqual(kinds);
  });

  it('keep entries apart: each has its own client, region and profile', () => {
    const other = { refresh_token: R('b'), client_id: 'b', client_secret: 'sb', region: 'eu-west-1', profile_arn: ARN };
    const found = find([AWS, other, SOCIAL]).map(({ outcome }) =>
      outcome.type === 'credential' ? outcome.secrets.credential : expect.fail(outcome.problem.message),
    );
    expect(found).toMatchObject([
      { refreshToken: AWS.refreshToken, clientId: 'id', region: 'us-east-1', profileArn: undefined },
      { refreshToken: R('b'), clientId: 'b', clientSecret: 'sb', region: 'eu-west-1', profileArn: ARN },
      { refreshToken: SOCIAL.refreshToken, profileArn: ARN },
    ]);
  });

  it('never make the reader throw, whatever the JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        // fast-check generates JSON values.
        expect(find(value as JsonValue).length).toBeGreaterThan(0);
      }),
      { seed: 42, numRuns: 500 },
    );
  });
});

describe('a link to one of several entries', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dragoman-gateway-'));
    path = join(folder, 'accounts.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const ACCOUNTS = [
    { id: 1, email: 'a@example.com', refreshToken: R('a'), authMethod: 'social', expiresAt: 1767607200, quota: 0 },
    { id: 2, email: 'b@example.com', refreshToken: R('b'), authMethod: 'social', expiresAt: 1767607200 },
  ];
  /** With a number that JavaScript would round. */
  const TEXT = `{\n  "accounts": ${JSON.stringify(ACCOUNTS).replace('"quota":0', '"quota":12345678901234567890')}\n}\n`;
  const accessToken = { value: 'aoaNEW', expiresAtMs: 1767610800_000 };

  it('uses its id, so that the entry is found and written wherever its program moves it', async () => {
    writeFileSync(path, TEXT);
    const [, second] = findInDocument(path, JSON.parse(TEXT), { nowMs: NOW_MS });
    expect(second?.source).toEqual({ type: 'gateway-file', path, owner: 'id=2' });
    const file = openLinked({ type: 'gateway-file', path, owner: 'id=2' });
    const credential = (await file.read())?.credential;
    if (credential?.kind !== 'social') return expect.fail('no credential');
    expect(credential.refreshToken).toBe(R('b'));
    const next = { ...credential, refreshToken: R('b2') };
    expect(await file.write(next, accessToken, () => true)).toBe('written');
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('12345678901234567890');
    expect(JSON.parse(text).accounts).toMatchObject([
      { id: 1, refreshToken: R('a'), expiresAt: 1767607200 },
      { id: 2, refreshToken: R('b2'), accessToken: 'aoaNEW', expiresAt: 1767610800 },
    ]);
    const moved = JSON.parse(text).accounts.reverse();
    writeFileSync(path, JSON.stringify(moved));
    expect((await file.read())?.credential).toMatchObject({ refreshToken: R('b2') });
    writeFileSync(path, JSON.stringify([moved[1]]));
    expect(await file.read()).toBeUndefined();
    expect(await file.write(next, accessToken, () => true)).toBe('gone');
  });

  it('is not created if nothing identifies the entries', () => {
    const twins = [{ refreshToken: R('a') }, { refreshToken: R('b') }];
    expect(findInDocument(path, twins, { nowMs: NOW_MS }).map(({ source }) => source)).toEqual([
      { type: 'import' },
      { type: 'import' },
    ]);
    const [only] = findInDocument(path, [{ refreshToken: R('a') }], { nowMs: NOW_MS });
    expect(only?.source).toEqual({ type: 'gateway-file', path });
  });

  it('keeps snake_case', async () => {
    writeFileSync(path, JSON.stringify(SNAKE));
    const file = openLinked({ type: 'gateway-file', path });
    const credential = (await file.read())?.credential;
    if (credential?.kind !== 'builder-id') return expect.fail('no credential');
    await file.write({ ...credential, refreshToken: R('n') }, accessToken, () => true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      ...SNAKE,
      refresh_token: R('n'),
      access_token: 'aoaNEW',
      expires_at: new Date(accessToken.expiresAtMs).toISOString(),
    });
  });
});

describe('an account disabled in its gateway', () => {
  it.each<[JsonValue, boolean]>([
    [{ ...AWS, enabled: 0 }, false],
    [{ ...AWS, enabled: false }, false],
    [{ ...AWS, isDisabled: true }, false],
    [{ ...AWS, disabled: 'true' }, false],
    [{ ...AWS, enabled: 1 }, true],
    [{ ...AWS, enabled: null, disabled: false }, true],
    [AWS, true],
  ])('%j is enabled: %s', (object, enabled) => {
    expect(find([object])[0]?.enabled ?? true).toBe(enabled);
  });
});
