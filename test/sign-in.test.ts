/** The first steps of a new user: sign in, ask, list models; at the command line and with the library. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDragoman, GatewayError } from '../src/index.ts';
import { IDC_ACCOUNT } from '../src/simulator/default-accounts.ts';
import { beginCommand, createHome, runCommand, startCommand } from './support/command.ts';
import { createSimulator, environmentFor } from './support/simulator.ts';

const HELLO = { replies: [{ steps: ['Hello from ', 'the service.'] }] };

/** The endpoints of the service, without an account. */
function withoutAccount(simulatorUrl: string): Record<string, string> {
  const all = environmentFor(simulatorUrl);
  const places = ['UPSTREAM_URL', 'OIDC_URL', 'SOCIAL_AUTH_URL', 'PORTAL_URL'].map((name) => `DRAGOMAN_${name}`);
  return Object.fromEntries(places.map((name) => [name, all[name] ?? '']));
}

describe('the command line', () => {
  it('signs in and then uses the account', async () => {
    const simulator = await createSimulator({ script: HELLO, pollIntervalS: 1, approveAfterPolls: 0 });
    const env = withoutAccount(simulator.url);
    const home = createHome();
    const before = await runCommand(['chat', 'Hi'], env, home);
    expect(before.code).toBe(1);
    expect(before.err).toContain('dragoman login');

    const { code, out } = await runCommand(['login', '--no-open'], env, home);
    expect(code).toBe(0);
    expect(out).toMatch(/Open http.*\nand confirm the code [A-Z0-9-]+\n/);
    expect(out).toContain('Signed in as Builder ID');

    const chat = await runCommand(['chat', 'Hi', 'there'], env, home);
    expect([chat.code, chat.out, chat.err]).toEqual([0, 'Hello from the service.\n', '']);
    expect(JSON.stringify(simulator.chatRequests)).toContain('Hi there');

    const asked = await runCommand(['test', '--json', '--model', 'claude-sonnet-4.5', 'Hi'], env, home);
    expect(JSON.parse(asked.out)).toMatchObject({
      text: 'Hello from the service.',
      model: 'claude-sonnet-4.5',
      stopReason: 'end-turn',
    });

    const models = await runCommand(['models'], env, home);
    expect(models.out).toMatch(
      /^model +name +input +output +images +reasoning +max_tokens +rate\n[\s\S]*claude-sonnet-4\.5/,
    );
  });

  it('stores no account if the user denies the sign-in', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const home = createHome();
    const login = beginCommand(['login', '--json', '--no-open'], withoutAccount(simulator.url), home);
    const waiting = JSON.parse(await login.nextLine());
    expect(waiting).toMatchObject({ event: 'waiting', userCode: expect.any(String), expiresAt: expect.any(String) });
    simulator.deny(waiting.userCode);
    const { code, out } = await login.ended;
    expect(code).toBe(1);
    expect(out).toContain('refused');
    expect(await storedAccounts(home)).toEqual([]);
  });

  it('stores no account after Ctrl-C', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1 });
    const login = startCommand(['login', '--json', '--no-open'], withoutAccount(simulator.url));
    await login.nextLine();
    const { code, out } = await login.end('SIGINT');
    expect(code).toBe(1);
    expect(out).toContain('cancelled');
    expect(existsSync(join(login.home, '.dragoman'))).toBe(true);
    expect(await storedAccounts(login.home)).toEqual([]);
  });

  it.each([
    ['AWS', ['--browser'], 'builder-id'],
    ['an organisation', ['--browser', '--start-url', IDC_ACCOUNT.startUrl, '--region', 'eu-central-1'], 'idc'],
    ['Kiro', ['--social', 'google', '--browser'], 'social'],
  ])('signs in at %s through a browser redirect', async (_name, args, id) => {
    const simulator = await createSimulator();
    const home = createHome();
    const login = beginCommand(['login', '--json', '--no-open', ...args], withoutAccount(simulator.url), home);
    const { verificationUrl, userCode } = JSON.parse(await login.nextLine());
    expect(userCode).toBeUndefined();
    const page = await fetch(verificationUrl);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('close this page')]);
    const { code, out } = await login.ended;
    expect([code, JSON.parse(lastLine(out))]).toMatchObject([0, { event: 'signed-in' }]);
    expect(await storedAccounts(home)).toHaveLength(1);
    expect((await runCommand(['chat', 'Hi'], withoutAccount(simulator.url), home)).code).toBe(0);
    const tokens = simulator.chatRequests.map(({ headers }) => headers.authorization);
    expect(tokens).toEqual([expect.stringMatching(/^Bearer aoaSimulated/)]);
    expect(simulator.chatRequests[0]?.body).toMatchObject(
      id === 'builder-id' ? {} : { profileArn: expect.any(String) },
    );
  });

  it('reports a denial in the browser, and stores no account', async () => {
    const simulator = await createSimulator({ asksInBrowser: true });
    const home = createHome();
    const login = beginCommand(['login', '--json', '--no-open', '--browser'], withoutAccount(simulator.url), home);
    const { verificationUrl } = JSON.parse(await login.nextLine());
    expect(await (await fetch(verificationUrl)).text()).toContain('Deny');
    await fetch(`${verificationUrl}&answer=deny`);
    const { code, out } = await login.ended;
    expect([code, out]).toEqual([1, expect.stringContaining('refused in the browser')]);
    expect(await storedAccounts(home)).toEqual([]);
  });

  it('closes its callback server on Ctrl-C during a browser sign-in', async () => {
    const simulator = await createSimulator({ asksInBrowser: true });
    const login = startCommand(['login', '--json', '--no-open', '--browser'], withoutAccount(simulator.url));
    const { verificationUrl } = JSON.parse(await login.nextLine());
    const { code, out } = await login.end('SIGINT');
    expect([code, out]).toEqual([1, expect.stringContaining('cancelled')]);
    await expect(fetch(`${verificationUrl}&answer=approve`)).rejects.toThrow();
    expect(simulator.requests.map(({ operation }) => operation)).not.toContain('CreateToken');
  });

  it('names the region that a start URL belongs to', async () => {
    const simulator = await createSimulator();
    const env = { ...withoutAccount(simulator.url), DRAGOMAN_OIDC_URL: `${simulator.url}/region/{region}` };
    const { code, err } = await runCommand(['login', '--start-url', IDC_ACCOUNT.startUrl], env);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('This start URL belongs to eu-central-1. Use that region'),
    ]);
  });

  it('signs in at Kiro with a device code', async () => {
    const simulator = await createSimulator({ pollIntervalS: 1, approveAfterPolls: 0 });
    const env = withoutAccount(simulator.url);
    const home = createHome();
    const { code, out } = await runCommand(['login', '--social', 'github', '--device', '--label', 'mine'], env, home);
    expect([code, out]).toEqual([0, expect.stringContaining('Signed in as mine')]);
    expect(simulator.requests[0]?.body).toMatchObject({ loginProvider: 'Github' });
    expect((await runCommand(['chat', 'Hi'], env, home)).code).toBe(0);
  });

  it('lists several profiles, and uses the one given by --profile-arn', async () => {
    const other = 'arn:aws:codewhisperer:eu-central-1:111122223333:profile/OTHEROTHER01';
    const accounts = [{ ...IDC_ACCOUNT, moreProfiles: [other] }];
    const simulator = await createSimulator({ accounts, pollIntervalS: 1, approveAfterPolls: 0 });
    const env = withoutAccount(simulator.url);
    const place = ['--start-url', IDC_ACCOUNT.startUrl, '--region', 'eu-central-1'];
    const first = await runCommand(['login', ...place], env);
    expect(first.out).toContain('Several profiles are available');
    expect(first.out).toContain(other);
    const home = createHome();
    expect((await runCommand(['login', ...place, '--profile-arn', other], env, home)).code).toBe(0);
    expect((await runCommand(['chat', 'Hi'], env, home)).code).toBe(0);
    expect(simulator.chatRequests[0]?.body).toMatchObject({ profileArn: other });
    const foreign = 'arn:aws:codewhisperer:us-east-1:999999999999:profile/FOREIGNORGAN';
    const refused = await runCommand(['login', ...place, '--profile-arn', foreign], env);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('does not have the profile')]);
  });

  it.each([
    [['--start-url', 'javascript:alert(1)'], /https URL/],
    [['--region', 'evil.example/x'], /"evil\.example\/x" is not an AWS region\. Use one such as us-east-1/],
    [['--profile-arn', 'arn:aws:s3:::bucket'], /"arn:aws:s3:::bucket" is not a profile ARN\. Expected arn:aws:/],
    [['--social', 'facebook'], /google or github/],
    [['--social', 'google', '--device', '--region', 'us-east-1'], /apply to AWS sign-ins only/],
    [['--proxy', 'ftp://proxy.example'], /http:\/\/, https:\/\/ or socks5:\/\//],
    [['--iam', '--region', 'nowhere'], /"nowhere" is not an AWS region/],
    [['--iam', '--proxy', 'proxy.example'], /http:\/\/, https:\/\/ or socks5:\/\//],
  ])('%j is bad usage', async (args, message) => {
    const { code, err } = await runCommand(['login', ...args]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('does not sign in again to an account that is not stored', async () => {
    const { code, err } = await runCommand(['login', '--account', 'absent']);
    expect([code, err]).toEqual([1, expect.stringMatching(/no account absent/)]);
  });
});

async function storedAccounts(home: string): Promise<readonly unknown[]> {
  const { code, out } = await runCommand(['accounts', 'list', '--json'], {}, home);
  expect(code).toBe(0);
  return JSON.parse(out).accounts;
}

function lastLine(out: string): string {
  return out.trim().split('\n').at(-1) ?? '';
}

describe('the library', () => {
  it('signs in, streams text, returns replies and events, and lists models', async () => {
    const simulator = await createSimulator({ script: HELLO, pollIntervalS: 1, approveAfterPolls: 0 });
    const settings = { databaseUrl: 'sqlite::memory:', secretKey: 'x'.repeat(40), kiroTokenFile: undefined };
    await using dragoman = await createDragoman({ env: withoutAccount(simulator.url), settings });
    expect(dragoman.accounts()).toEqual([]);
    await expect(dragoman.reply('Hi')).rejects.toMatchObject({ code: 'no_account' });

    const pending = await dragoman.signIn();
    expect(pending.verificationUrl).toContain(pending.userCode);
    const account = await pending.wait();
    expect(account).toMatchObject({ kind: 'builder-id', source: 'sign-in', status: 'ready' });
    expect(dragoman.accounts()).toEqual([account]);

    const pieces: string[] = [];
    const stream = await dragoman.stream('Hi');
    for await (const piece of stream.text) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe('Hello from the service.');

    const reply = await dragoman.reply({ prompt: 'Hi', model: 'claude-sonnet-4.5', system: 'Be brief.' });
    expect(reply).toMatchObject({ text: 'Hello from the service.', stopReason: 'end-turn' });

    const types: string[] = [];
    for await (const event of await dragoman.stream('Hi')) types.push(event.type);
    expect(types.at(0)).toBe('reply-start');
    expect(types.at(-1)).toBe('reply-end');

    expect((await dragoman.models()).models.length).toBeGreaterThan(0);
    expect(await dragoman.removeAccount(account.id)).toBe(true);
  });

  it('cancels a stream by its signal, and rejects on a broken one', async () => {
    const replies = [
      { times: 1, steps: ['One', { gapMs: 60_000 }, 'two'] },
      { steps: ['Half', { gapMs: 5 }, { cut: 'reset' as const }] },
    ];
    const simulator = await createSimulator({ script: { replies } });
    await using dragoman = await createDragoman({ env: environmentFor(simulator.url) });
    const leaving = new AbortController();
    const left = new Promise((resolve) => simulator.onFinished(resolve));
    const stream = await dragoman.stream('Hi', { signal: leaving.signal });
    leaving.abort();
    await left;
    await expect(stream.whole()).rejects.toBeInstanceOf(GatewayError);

    const broken = await dragoman.stream('Hi');
    const readAll = async () => {
      for await (const _ of broken.text);
    };
    await expect(readAll()).rejects.toMatchObject({ code: 'upstream_broken' });
  });
});
