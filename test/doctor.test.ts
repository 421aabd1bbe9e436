/** `dragoman doctor` on a sound installation, and on each kind of broken one: it names the fault and the remedy. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../src/cli/doctor/finding.ts';
import { programFinding } from '../src/cli/doctor/installation.ts';
import { DEFAULT_ACCOUNT, IDC_ACCOUNT } from '../src/simulator/default-accounts.ts';
import type { Script } from '../src/simulator/script.ts';
import { createHome, runCommand } from './support/command.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';

const NOWHERE = 'http://127.0.0.1:1';

interface Examined {
  readonly code: number;
  readonly findings: readonly Finding[];
  /** The findings that are not `ok`, as `status check detail remedy`. */
  readonly faults: readonly string[];
}

async function examine(
  env: Record<string, string>,
  home = createHome(),
  args: readonly string[] = [],
): Promise<Examined> {
  const { code, out } = await runCommand(['doctor', '--json', ...args], env, home);
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  expect(ok).toBe(code === 0);
  const faults = findings
    .filter(({ status }) => status !== 'ok')
    .map(({ status, check, detail, remedy }) => `${status} ${check} ${detail} ${remedy ?? ''}`);
  return { code, findings, faults };
}

/** In front of a simulator with this script, with further settings. */
async function simulated(
  env: Record<string, string> = {},
  replies: Script['replies'] = [],
  more: Omit<Script, 'replies'> = {},
): Promise<Record<string, string>> {
  const simulator = await createSimulator({ script: { replies, ...more } });
  return { ...environmentFor(simulator.url), DRAGOMAN_DATABASE_URL: '', ...env };
}

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}`;
}

const refusing = (status: number, name: string, message: string, reason: string | null = null): Script['replies'] => [
  { refuse: { status, name, message, reason } },
];

describe('dragoman doctor', () => {
  it('finds a sound installation well, with the answer of the cheapest model', async () => {
    const { code, findings, faults } = await examine(await simulated());
    expect(faults).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(findings.map(({ check }) => check))).toEqual(
      new Set(['program', 'settings', 'database', 'network', 'clock', 'account', 'profiles', 'models', 'answer']),
    );
    expect(findings.at(-1)).toMatchObject({ check: 'answer', detail: expect.stringContaining('credit') });
  });

  it('asks no model with --no-answer', async () => {
    const { code, faults } = await examine(await simulated(), createHome(), ['--no-answer']);
    expect(code).toBe(0);
    expect(faults).toEqual(['skipped answer not requested (--no-answer) ']);
  });

  it('prints a line for each finding, and the remedy below it', async () => {
    const { code, out } = await runCommand(['doctor'], { DRAGOMAN_UPSTREAM_URL: NOWHERE });
    expect(code).toBe(1);
    expect(out).toMatch(/✓ database +sqlite:/);
    expect(out).toMatch(/✗ account +no account is signed in\n +→ Sign in with `.*login`/);
    expect(out).toMatch(/\d passed, 0 warnings, 2 failed\.\n$/);
  });

  it('never prints a secret', async () => {
    const env = await simulated({ HTTP_PROXY: 'http://user:hidden-password@127.0.0.1:1' });
    const { out, err } = await runCommand(['doctor', '--json'], env);
    for (const secret of [
      'hidden-password',
      env.DRAGOMAN_REFRESH_TOKEN,
      env.DRAGOMAN_CLIENT_SECRET,
      env.DRAGOMAN_SECRET_KEY,
    ])
      expect(out + err).not.toContain(secret);
  });

  it('rejects any other argument', async () => {
    expect(await runCommand(['doctor', 'taught'])).toMatchObject({ code: 2, err: expect.stringContaining('learnt') });
  });

  it('shows what accounts have learnt', async () => {
    const env = await simulated();
    const home = createHome();
    await examine(env, home);
    const { code, out } = await runCommand(['doctor', 'learnt', '--json'], env, home);
    expect(code).toBe(0);
    expect(JSON.parse(out).accounts).toMatchObject([
      { label: 'environment', closingEvents: ['q-rest'], wireProfile: null },
    ]);
    const text = await runCommand(['doctor', 'learnt', 'environment'], env, home);
    expect(text.out).toMatch(/wire profile +the first of its kind\n.*closing events +q-rest/s);
  });

  it('forgets what accounts have learnt', async () => {
    const env = await simulated();
    const home = createHome();
    await examine(env, home);
    const { out } = await runCommand(['doctor', 'learnt', '--reset'], env, home);
    expect(out).toBe('Reset: environment.\n');
    const { accounts } = JSON.parse((await runCommand(['doctor', 'learnt', '--json'], env, home)).out);
    expect(accounts).toMatchObject([{ closingEvents: [], readings: [], wireProfile: null }]);
  });
});

describe('dragoman doctor on this machine', () => {
  it('names an unknown setting', async () => {
    const { code, faults } = await examine({ DRAGOMAN_PROT: '1' });
    expect(code).toBe(1);
    expect(faults).toEqual([
      expect.stringMatching(/^failed settings .*DRAGOMAN_PROT.*Did you mean DRAGOMAN_PORT.*Correct or remove it/),
    ]);
  });

  it('names a setting with a bad value', async () => {
    const { faults } = await examine({ DRAGOMAN_PORT: 'eight' });
    expect(faults).toEqual([
      expect.stringMatching(/^failed settings .*DRAGOMAN_PORT \("eight"\) is not a whole number.*Accepted/),
    ]);
  });

  it('warns of a value that it ignores', async () => {
    const { code, faults } = await examine(await simulated({ LOG_LEVEL: 'verbose' }));
    expect(code).toBe(0);
    expect(faults).toEqual([expect.stringMatching(/^warning settings .*LOG_LEVEL.*ignores it/)]);
  });

  it('names a mistake in a wire profile file', async () => {
    const { faults } = await examine(await simulated({ DRAGOMAN_WIRE_PROFILE: 'q-rset' }));
    expect(faults).toEqual([expect.stringMatching(/DRAGOMAN_WIRE_PROFILE is "q-rset".*Use one of: /)]);
  });

  it('names a wire profile file with a mistake', async () => {
    const home = createHome();
    const folder = join(home, 'data', 'profiles');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'mine.json'), '{"id":"mine","extends":"q-rest","limits":{"imageBytes":-1}}');
    const { code, faults } = await examine(await simulated({ DRAGOMAN_HOME: join(home, 'data') }), home);
    expect(code).toBe(1);
    expect(faults[0]).toMatch(/mine\.json is not valid.*limits\.imageBytes.*docs\/wire-profiles\.md/);
  });

  it('names a version of Node.js that is too old', () => {
    expect(programFinding('22.4.0')).toMatchObject({ status: 'failed', remedy: 'Install Node.js 24 or later.' });
    expect(programFinding('26.1.0')).toMatchObject({ status: 'ok' });
  });

  it('warns of a database in memory', async () => {
    const { code, faults } = await examine(await simulated({ DRAGOMAN_DATABASE_URL: 'sqlite::memory:' }));
    expect(code).toBe(0);
    expect(faults).toEqual([expect.stringMatching(/^warning database is in memory.*DRAGOMAN_DATABASE_URL/)]);
  });

  it('names a database that is a directory', async () => {
    const home = createHome();
    const { code, faults } = await examine(await simulated({ DRAGOMAN_DATABASE_URL: `sqlite:${home}` }), home);
    expect(code).toBe(1);
    expect(faults).toEqual([expect.stringMatching(/^failed database .*database/)]);
  });

  it('names a file that is not a database', async () => {
    const home = createHome();
    const path = join(home, 'notes.db');
    writeFileSync(
      path,
      'This is not a database, but a text of more than a hundred bytes, so that SQLite reads its header.\n'.repeat(9),
    );
    const { faults } = await examine(await simulated({ DRAGOMAN_DATABASE_URL: `sqlite:${path}` }), home);
    expect(faults).toEqual([expect.stringMatching(/^failed database .*not a (?:SQLite )?database/)]);
  });

  it('names a secret key that does not fit the database', async () => {
    const home = createHome();
    const env = await simulated();
    await examine(env, home, ['--no-answer']);
    const { faults } = await examine({ ...env, DRAGOMAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64') }, home);
    expect(faults).toEqual([expect.stringMatching(/^failed database .*key.*DRAGOMAN_SECRET_KEY/)]);
  });

  it('names a PostgreSQL server that does not answer', async () => {
    const { faults } = await examine(
      await simulated({ DRAGOMAN_DATABASE_URL: 'postgres://user:word@127.0.0.1:1/app' }),
    );
    expect(faults).toEqual([expect.stringMatching(/^failed database .*127\.0\.0\.1/)]);
    expect(faults.join()).not.toContain('word@');
  });
});

describe('dragoman doctor on the network', () => {
  it('names an address that refuses connections, and the setting that chose it', async () => {
    const { code, faults } = await examine(await simulated({ DRAGOMAN_UPSTREAM_URL: NOWHERE }));
    expect(code).toBe(1);
    expect(faults[0]).toMatch(
      /^failed network Could not connect to http:\/\/127\.0\.0\.1:1: connection refused.*DRAGOMAN_UPSTREAM_URL/,
    );
    expect(faults.at(-1)).toBe('skipped answer not requested, since the models could not be listed ');
  });

  it('names a server that does not speak TLS', async () => {
    const url = await listen((_request, response) => response.end());
    const { faults } = await examine(await simulated({ DRAGOMAN_UPSTREAM_URL: url.replace('http:', 'https:') }));
    expect(faults[0]).toMatch(/^failed network .*does not speak TLS; check http and https/);
  });

  it('names a proxy that cannot be reached', async () => {
    const env = await simulated({ DRAGOMAN_UPSTREAM_URL: 'http://service.invalid', HTTP_PROXY: 'http://127.0.0.1:1' });
    const { faults } = await examine(env);
    expect(faults[0]).toMatch(/^failed network .*through the proxy http:\/\/127\.0\.0\.1:1.*HTTP_PROXY/);
  });

  it('names a host name that does not resolve', async () => {
    const { faults } = await examine(await simulated({ DRAGOMAN_UPSTREAM_URL: 'http://service.invalid' }));
    expect(faults[0]).toMatch(/^failed network .*(?:the host name does not exist|the name server did not respond)/);
  });

  it('names a proxy that rejects the user name', async () => {
    const proxy = createServer((_request, response) => response.writeHead(407).end());
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const address = proxy.address();
    const HTTP_PROXY = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
    const { faults } = await examine(await simulated({ DRAGOMAN_UPSTREAM_URL: 'http://service.invalid', HTTP_PROXY }));
    expect(faults[0]).toMatch(/^failed network .*the proxy rejected the user name or password \(407\).*HTTP_PROXY/);
  });

  it.each([
    [20, 'failed', 'behind'],
    [-1, 'warning', 'ahead of'],
  ])("names a clock that differs from the service's by %d minutes", async (minutes, status, word) => {
    const url = await listen((_request, response) => {
      response.setHeader('date', new Date(Date.now() + minutes * 60_000).toUTCString());
      response.end('{}');
    });
    const { faults } = await examine(await simulated({ DRAGOMAN_UPSTREAM_URL: url }));
    expect(faults[0]).toMatch(new RegExp(`^${status} clock is \\d+ s ${word} the service's .*NTP`));
  });
});

describe('dragoman doctor on accounts', () => {
  it('says how to sign in when there is no account', async () => {
    const { faults } = await examine({ DRAGOMAN_UPSTREAM_URL: await listen((_request, response) => response.end()) });
    expect(faults).toEqual([
      expect.stringMatching(/^failed account no account is signed in .*dragoman login.*accounts import/),
    ]);
  });

  it('names a refresh token that is no longer valid', async () => {
    const { faults } = await examine(await simulated({ DRAGOMAN_REFRESH_TOKEN: `aor${'Z'.repeat(120)}` }));
    expect(faults[0]).toMatch(/^failed account .*dragoman login/);
  });

  it('names a token endpoint that cannot be reached', async () => {
    const { faults } = await examine(await simulated({ DRAGOMAN_OIDC_URL: NOWHERE }));
    expect(faults[0]).toMatch(/^failed account .*127\.0\.0\.1:1.*DRAGOMAN_OIDC_URL/);
  });

  it('names an account that its owner has disabled', async () => {
    const env = await simulated();
    const home = createHome();
    await runCommand(['accounts', 'disable', 'environment'], env, home);
    const { faults } = await examine(env, home);
    expect(faults[0]).toMatch(/^warning account is disabled Enable it with `dragoman accounts enable /);
  });

  it('names the wire profiles through which the service accepts an account', async () => {
    const { findings } = await examine(await simulated());
    expect(findings.find(({ check }) => check === 'profiles')).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^uses q-rest; accepted: q-rest, q-json, kiro-krs.*$/),
    });
  });

  it('warns of a wire profile that is refused, and names the one that requests move on to', async () => {
    const refuse = { status: 404 };
    const refusals = [{ when: { operation: 'ListAvailableModels', flavour: 'rest' as const }, refuse }];
    const { faults } = await examine(await simulated({}, [], { refusals }));
    expect(faults).toContainEqual(
      expect.stringMatching(/^warning profiles the service refuses q-rest: .*Nothing: requests move on to q-json/),
    );
  });

  it('names a service that refuses every wire profile', async () => {
    const refuse = { status: 403, name: 'AccessDeniedException', message: 'User is not authorized to make this call.' };
    const { code, faults } = await examine(
      await simulated({}, [], { refusals: [{ when: { operation: 'ListAvailableModels' }, refuse }] }),
    );
    expect(code).toBe(1);
    expect(faults).toContainEqual(
      expect.stringMatching(/^failed profiles the service refuses q-rest: .*wire-profiles\.md/),
    );
    expect(faults).toContainEqual(expect.stringMatching(/^failed models .*administrator of the organisation/));
  });

  it('names a profile ARN that belongs to another identity and region', async () => {
    const simulator = await createSimulator({ script: { replies: [] } });
    const env = {
      ...environmentFor(simulator.url),
      DRAGOMAN_DATABASE_URL: '',
      DRAGOMAN_REFRESH_TOKEN: IDC_ACCOUNT.refreshToken ?? '',
      DRAGOMAN_CLIENT_ID: IDC_ACCOUNT.clientId ?? '',
      DRAGOMAN_CLIENT_SECRET: IDC_ACCOUNT.clientSecret ?? '',
      DRAGOMAN_PROFILE_ARN: 'arn:aws:codewhisperer:eu-central-1:999988887777:profile/ZZZZZZZZZZZZ',
    };
    const { code, faults } = await examine(env);
    expect(code).toBe(1);
    expect(faults).toContainEqual(
      expect.stringMatching(
        /^failed profiles the service refuses q-rest: .*Check the profile ARN arn:aws:codewhisperer:eu-central-1:/,
      ),
    );
  });

  it('warns of a plan that is nearly used up', async () => {
    const simulator = await createSimulator({ script: { replies: [] } });
    const { limit, used } = simulator.creditsOf(DEFAULT_ACCOUNT.id);
    simulator.spendCredits(DEFAULT_ACCOUNT.id, (limit - used) * 0.95);
    const { code, faults } = await examine({ ...environmentFor(simulator.url), DRAGOMAN_DATABASE_URL: '' });
    expect(code).toBe(0);
    expect(faults).toEqual([expect.stringMatching(/^warning account [\d.,]+ of [\d.,]+ left of/)]);
  });

  it.each([
    [
      'a suspended account',
      refusing(403, 'AccessDeniedException', 'Suspended.', 'TEMPORARILY_SUSPENDED'),
      /suspended/i,
    ],
    [
      'a plan that is used up',
      refusing(402, 'ServiceQuotaExceededException', 'You have reached the limit.', 'MONTHLY_REQUEST_COUNT'),
      /limit|plan/,
    ],
    ['an overloaded service', refusing(503, 'ServiceUnavailableException', 'Busy.'), /Try again in a minute/],
    [
      'a request that the service does not take',
      refusing(400, 'ValidationException', 'Improperly formed request.'),
      /Improperly formed/,
    ],
    ['an empty reply', [{ steps: [] }], /empty|neither text/],
  ] as const)('names %s', async (_what, replies, expected) => {
    const { code, faults } = await examine(await simulated({}, replies));
    expect(code).toBe(1);
    expect(faults.at(-1)).toMatch(/^failed answer /);
    expect(faults.at(-1)).toMatch(expected);
  });
});
