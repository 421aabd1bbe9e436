import { describe, expect, it } from 'vitest';
import { createTestTerminal } from '../../test/support/terminal.ts';
import { runCommandLine } from './program.ts';
import { fittedTable, table } from './terminal.ts';

async function run(...args: string[]) {
  const { terminal, written } = createTestTerminal();
  return { code: await runCommandLine(args, terminal), ...written };
}

describe('the command line', () => {
  it.each([
    ...['serve', 'login', 'chat', 'test', 'models', 'usage', 'config', 'simulate', 'demo'],
    ...['list', 'show', 'set', 'refresh', 'enable', 'disable', 'remove', 'import', 'export', 'usage'].map(
      (name) => `accounts ${name}`,
    ),
    ...['create', 'list', 'revoke'].map((name) => `keys ${name}`),
    'admin-token reset',
  ])('%s explains itself, with an example and the exit codes', async (command) => {
    const { code, out, err } = await run(...command.split(' '), '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/Usage: dragoman/);
    expect(out).toContain('--json');
    expect(out).toMatch(/Examples:\n {2}\$ .*dragoman /);
    expect(out).toContain('2 bad usage');
  });

  it('lists all commands and prints the version', async () => {
    const help = await run('--help');
    expect(help.code).toBe(0);
    for (const name of ['serve', 'login', 'chat|test', 'models', 'config', 'simulate', 'demo'])
      expect(help.out).toContain(name);
    const version = await run('--version');
    expect([version.code, version.out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });

  it.each([
    [[]],
    [['brew-coffee']],
    [['config', '--nonsense']],
    [['config', '--port']],
    [['chat']],
    [['chat', '   ']],
    [['config', '--port', 'http']],
    [['demo', '--port', '99999']],
    [['accounts']],
    [['accounts', 'nonsense']],
    [['keys']],
    [['keys', 'create']],
    [['keys', 'create', 'x', '--expires', 'soon']],
    [['keys', 'create', 'x', '--expires', '2020-01-01']],
    [['keys', 'revoke']],
    [['accounts', 'set', 'some']],
    [['accounts', 'set', 'some', '--priority', 'high']],
  ])('%j is bad usage', async (args) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toBe('');
    expect(err).not.toMatch(/\n +at /);
  });

  it('reports an error as JSON with --json', async () => {
    const { code, out } = await run('config', '--json', '--port', 'http');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toEqual({ error: { code: 'failed', message: expect.stringContaining('--port') } });
  });

  it.each([
    [['config', '--nonsense', '--json'], "unknown option '--nonsense'"],
    [['keys', 'lst', '--json'], "unknown command 'lst'"],
    [['login', '--json', '--region'], "option '--region <region>' argument missing"],
  ])('reports the bad usage of %j as JSON', async (args, message) => {
    const { code, out } = await run(...args);
    expect([code, JSON.parse(out)]).toEqual([
      2,
      { error: { code: 'failed', message: expect.stringContaining(message) } },
    ]);
  });

  it('suggests the closest command', async () => {
    expect((await run('sevre')).err).toContain('serve');
  });
});

describe('dragoman config', () => {
  it('shows each setting with its origin, including flags', async () => {
    const { code, out } = await run('config', '--json', '--port', '1234', '--database', './x.db');
    const shown = JSON.parse(out);
    expect(code).toBe(0);
    expect(shown.DRAGOMAN_PORT).toEqual({ value: 1234, origin: 'flag --port' });
    expect(shown.DRAGOMAN_DATABASE_URL).toEqual({ value: 'sqlite:./x.db', origin: 'flag --database' });
    expect(shown.DRAGOMAN_LOG_FORMAT).toEqual({ value: 'auto', origin: 'default' });
  });

  it('prints a table without --json', async () => {
    const { out } = await run('config', '--port', '1234');
    expect(out).toMatch(/^setting +value +from\n/);
    expect(out).toMatch(/\nDRAGOMAN_PORT +1234 +flag --port\n/);
  });
});

describe('a table', () => {
  it('makes each column as wide as its widest cell', () => {
    expect(
      table([
        ['a', 'b'],
        ['long', ''],
        ['x', 'y'],
      ]),
    ).toBe('a     b\nlong\nx     y\n');
  });
});

describe('a table with wide characters', () => {
  const rows = [
    ['a-1', '工作账号', 'builder-id'],
    ['a-2', 'équipe', 'social'],
    ['a-3', '👩‍💻 한글', 'api-key'],
    ['a-4', 'e\u0301te\u0301', 'iam'],
  ];

  it('aligns by terminal columns, not by characters', () => {
    expect(table(rows)).toBe(
      [
        'a-1  工作账号  builder-id',
        'a-2  équipe    social',
        'a-3  👩‍💻 한글   api-key',
        'a-4  e\u0301te\u0301       iam',
        '',
      ].join('\n'),
    );
  });

  it('truncates between characters to fit', () => {
    const cut = [['a-1', '一个非常非常长的工作账号名称', 'x']];
    expect(fittedTable(cut, 20)).toBe('a-1  一个非常非…  x\n');
    // Two columns do not hold half of a wide character.
    expect(fittedTable(cut, 18)).toBe('a-1  一个非常…  x\n');
  });
});

describe('a table on a terminal', () => {
  const rows = [
    ['account', 'label'],
    ['aws-4f1c', 'a label which is far too long for this terminal'],
  ];

  it('truncates the widest cells until it fits', () => {
    const lines = fittedTable(rows, 30).trimEnd().split('\n');
    expect(lines).toEqual(['account   label', 'aws-4f1c  a label which is fa…']);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(30);
  });

  it('is not truncated without a terminal', () => {
    expect(fittedTable(rows, undefined)).toBe(table(rows));
  });
});
