/** How dragoman is started: the launcher of a checkout, other versions of Node, and the names that hints use. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recordBuild } from '../tools/build-record.js';
import { createHome, startCommand } from './support/command.ts';

const ROOT = join(import.meta.dirname, '..');
const LAUNCHER = join(ROOT, 'dragoman');

interface Ended {
  readonly code: number | string | null;
  readonly out: string;
  readonly err: string;
}

function run(file: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
  const home = createHome();
  const settings = { PATH: process.env.PATH ?? '', HOME: home, DRAGOMAN_HOME: home, DRAGOMAN_KIRO_TOKEN_FILE: 'off' };
  return new Promise<Ended>((resolve) => {
    execFile(file, [...args], { cwd, env: { ...settings, ...env } }, (error, out, err) => {
      resolve({ code: error ? (error.code ?? null) : 0, out, err });
    });
  });
}

it('starts through links from any folder, with the flags and the exit code of the command', async () => {
  const folder = createHome();
  symlinkSync(LAUNCHER, join(folder, 'first'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync('../first', join(folder, 'bin', 'dragoman'));
  const { code, out } = await run(join(folder, 'bin', 'dragoman'), ['config', '--json', '--port', '4711'], folder);
  expect(code).toBe(0);
  expect(JSON.parse(out).DRAGOMAN_PORT).toEqual({ value: 4711, origin: 'flag --port' });
  expect((await run(LAUNCHER, ['serve', '--prot', '1'], folder)).code).toBe(2);
});

it('runs the bundle in a checkout until a source changes', async () => {
  const root = createHome();
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const tool of ['tools/start.js', 'tools/build-record.js']) write(tool, readFileSync(join(ROOT, tool), 'utf8'));
  write('package.json', '{ "type": "module" }');
  write('src/main.ts', "const which: string = 'sources';\nconsole.log(which);\n");
  write('dist/main.js', "console.log('bundle');\n");
  const start = async () => (await run(process.execPath, [join(root, 'tools/start.js')], root)).out;
  expect(await start()).toBe('sources\n');
  recordBuild(root, { sources: ['src/main.ts'], beganMs: Date.now() + 1_000, built: ['dist/main.js'] });
  expect(await start()).toBe('bundle\n');
  write('src/main.ts', "const which: string = 'changes';\nconsole.log(which);\n");
  expect(await start()).toBe('changes\n');
});

it('reports missing packages in a checkout', async () => {
  const folder = createHome();
  const copy = join(folder, 'dragoman');
  writeFileSync(copy, readFileSync(LAUNCHER), { mode: 0o755 });
  const { code, err } = await run(copy, ['serve'], folder);
  expect(code).toBe(1);
  expect(err).toMatch(/Run "npm ci" in \S+ first/);
});

it('names commands in hints, errors and examples the way the user started this one', async () => {
  expect((await run(LAUNCHER, ['accounts', 'list'], ROOT)).out).toContain('Sign in with `./dragoman login`');
  const cli = await run(LAUNCHER, ['accounts', 'show'], ROOT, { npm_lifecycle_event: 'cli' });
  expect(cli.err).toContain('`npm run cli -- login`');
  expect((await run(LAUNCHER, ['keys', 'create', '--help'], ROOT)).out).toContain('$ ./dragoman keys create laptop');
});

it('rejects an older Node with a message before it loads anything else', async () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const oldest = Number(/^>=(\d+)$/.exec(engines.node)?.[1]);
  const pretend = (major: number) =>
    `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${major}.9.0'})`;
  const main = join(ROOT, 'src/main.ts');
  const old = await run(process.execPath, ['--import', pretend(oldest - 1), main, '--version'], ROOT);
  expect([old.code, old.out]).toEqual([1, '']);
  expect(old.err).toContain(`dragoman needs Node ${oldest} or newer`);
  const enough = await run(process.execPath, ['--import', pretend(oldest), main, '--version'], ROOT);
  expect([enough.code, enough.err]).toEqual([0, '']);
  expect(readFileSync(main, 'utf8')).not.toMatch(/^import /m);
});

it('accepts the variables printed by the simulator in a shell', async () => {
  const simulator = startCommand(['simulate', '--port', '0']);
  const lines: string[] = [];
  for (let line = ''; !line.startsWith('export DRAGOMAN_CLIENT_SECRET'); lines.push(line))
    line = await simulator.nextLine();
  const exported = lines.filter((line) => line.startsWith('export '));
  expect(exported.length).toBeGreaterThan(5);
  const script = `${exported.join('\n')}\n"${LAUNCHER}" chat Hello`;
  const { code, out, err } = await run('/bin/sh', ['-c', script], ROOT, { DRAGOMAN_DATABASE_URL: 'sqlite::memory:' });
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('simulator');
});
