/** `dragoman restore`: replaces everything in the database with a backup. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { GatewayError } from '../core/errors.ts';
import { systemClock } from '../transport/clock.ts';
import { countsText } from './backup.ts';
import { type Command, type CommandInput, printJson, requiredArgument, UsageError } from './command.ts';
import { printWarnings, settingOptions, settingsOf } from './settings-of.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'Replace everything in the database with a backup',
  argument: { name: 'file', meaning: 'a file that `dragoman backup` wrote' },
  options: [{ flag: '--yes', meaning: 'replace accounts and keys without prompting' }, ...settingOptions('database')],
  examples: ['dragoman restore dragoman.backup', 'dragoman restore gateway.backup --database postgres://… --yes'],
  async run(input) {
    const { terminal, json } = input;
    const file = resolve(requiredArgument(input, 'the file of a backup'));
    const loaded = settingsOf(input);
    printWarnings(input, loaded);
    const { databaseUrl: url, home, secretKey } = loaded.settings;
    if (url === 'sqlite::memory:')
      throw new UsageError('An in-memory database ends with this command. Pass the database with --database.');
    const [{ openStore }, { checkBackup }] = await Promise.all([
      import('../storage/open.ts'),
      import('../storage/backup/file.ts'),
    ]);
    // Before the database is opened, which would make a new key where there is none.
    const { createdAt } = checkBackup(await firstLines(file), { secretKey, home });
    const store = await openStore({ url, home, secretKey, clock: systemClock });
    try {
      const [accounts, keys] = await Promise.all([store.accounts.list(), store.keys.list()]);
      if (accounts.length + keys.length > 0 && !(await isConfirmed(input, accounts.length, keys.length, createdAt)))
        throw new GatewayError('client_closed', 'Nothing was changed.');
      const restored = await store.restore(() => linesOf(file));
      const [{ commandRecorder }, { commandLog }] = await Promise.all([
        import('./record-change.ts'),
        import('./command-log.ts'),
      ]);
      const log = commandLog({ settings: loaded.settings, warnings: [] }, terminal, 'warn');
      const record = commandRecorder(store, { log, keptDays: () => loaded.settings.auditDays });
      await record({ action: 'database.restore', target: undefined, changes: [] });
      if (json) printJson(terminal, { file, createdAt, ...restored });
      else terminal.out(`Restored ${countsText(restored)} as of ${createdAt}. Restart every running gateway.\n`);
    } finally {
      await store.close();
    }
    return 0;
  },
};

async function firstLines(file: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(file)) if (lines.push(line) === 2) break;
  return lines;
}

async function* linesOf(file: string): AsyncGenerator<string, void> {
  const input = createReadStream(file);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('invalid_request', `Could not read ${file}: ${why}.`, { cause });
  } finally {
    input.destroy();
  }
}

/** Throws UsageError without a terminal. */
async function isConfirmed(
  { terminal, json, options }: CommandInput,
  accounts: number,
  keys: number,
  createdAt: string,
): Promise<boolean> {
  if (options.yes === true) return true;
  const what = `The database has ${accounts} account${accounts === 1 ? '' : 's'} and ${keys} key${keys === 1 ? '' : 's'}`;
  if (json || !terminal.isInteractive || process.stdin.isTTY !== true)
    throw new UsageError(`${what}, and there is no terminal to confirm on. Pass --yes to replace them.`);
  const { confirm } = await import('@clack/prompts');
  const message = `${what}. Replace everything with the backup of ${createdAt}?`;
  return (await confirm({ message, initialValue: false })) === true;
}
