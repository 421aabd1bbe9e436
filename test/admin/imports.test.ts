/** Finding and importing the sign-ins of other programs by HTTP. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SOCIAL_ACCOUNT } from '../../src/simulator/default-accounts.ts';
import { startAdminGateway } from '../support/admin.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dragoman-admin-imports-'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('XDG_DATA_HOME', '');
  return () => vi.unstubAllEnvs();
});

function writeKiroFile(refreshToken: string): void {
  const cache = join(home, '.aws/sso/cache');
  mkdirSync(cache, { recursive: true });
  const sign = { accessToken: 'aoa-old', refreshToken, expiresAt: '2026-01-05T10:00:00.000Z' };
  const file = { ...sign, profileArn: SOCIAL_ACCOUNT.profileArn, authMethod: 'social', provider: 'Google' };
  writeFileSync(join(cache, 'kiro-auth-token.json'), JSON.stringify(file));
}

describe('/v2/imports', () => {
  it('lists nothing on a machine without sign-ins', async () => {
    const { ask } = await startAdminGateway();
    const { status, text } = await ask('GET', '/v2/imports');
    expect([status, text]).toEqual([200, '{"found":[]}']);
  });

  it('lists a sign-in with its secret masked, imports it, and then lists it as known', async () => {
    writeKiroFile(SOCIAL_ACCOUNT.refreshToken);
    const { ask } = await startAdminGateway();
    const listed = await ask('GET', '/v2/imports');
    expect(listed.body.found).toMatchObject([{ origin: 'kiro-ide', kind: 'social', state: 'new', isLinked: true }]);
    expect(listed.text).not.toContain(SOCIAL_ACCOUNT.refreshToken);
    const [{ id = '' } = {}] = listed.body.found;
    const imported = await ask('POST', '/v2/imports', { ids: [id] });
    expect(imported.status).toBe(201);
    expect(imported.body.accounts).toMatchObject([{ id, kind: 'social', state: { status: 'ready' } }]);
    expect((await ask('GET', '/v2/imports')).body.found).toMatchObject([{ state: 'known', id }]);
    const again = await ask('POST', '/v2/imports', { ids: [id] });
    expect([again.status, again.body.error]).toMatchObject([
      400,
      { param: 'ids', message: expect.stringContaining('stored already') },
    ]);
  });

  it('names a file that it cannot use, and imports nothing if one of several is unknown', async () => {
    writeKiroFile('');
    const { ask } = await startAdminGateway();
    const { body } = await ask('GET', '/v2/imports');
    expect(body.found).toMatchObject([{ state: 'unusable', problem: { message: expect.any(String) } }]);
    const refused = await ask('POST', '/v2/imports', { ids: ['none'] });
    expect([refused.status, refused.body.error.param]).toEqual([400, 'ids']);
    expect((await ask('GET', '/v2/accounts')).body.accounts).toEqual([]);
  });
});
