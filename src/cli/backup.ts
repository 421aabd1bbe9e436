/** `dragoman backup`: writes everything to one encrypted file. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '../transport/clock.ts';
import { type Command, printJson, requiredArgument, UsageError } from './command.ts';
import { printWarnings, settingOptions, settingsOf } from './settings-of.ts';

export const backup: Command = {
  name: 'backup',
  summary: 'Write accounts, keys, settings and the ledger to one encrypted file',
  argument: { name: 'file', meaning: 'new file, readable only by you' },
  options: settingOptions('database'),
  examples: ['dragoman backup dragoman.backup', 'dragoman backup gateway.backup --database postgres://…'],
  async run(input) {
    const { terminal, json } = input;
    const file = resolve(requiredArgument(input, 'a file to write, such as dragoman.backup'));
    const loaded = settingsOf(input);
    printWarnings(input, loaded);
    const { databaseUrl: url, home, secretKey } = loaded.settings;
    if (url === 'sqlite::memory:')
      throw new UsageError(
        'An in-memory database of another process cannot be read. Pass the database with --database.',
      );
    const { openStore } = await import('../storage/open.ts');
    const store = await openStore({ url, home, secretKey, clock: systemClock });
    try {
      const written = await writeNew(file, (write) => store.backUp(write));
      if (json) printJson(terminal, { file, ...written });
      else terminal.out(`Wrote ${countsText(written)} to ${file}.\n`);
      const key = secretKey === undefined ? `the file secret.key in ${home}` : 'DRAGOMAN_SECRET_KEY';
      if (!json) terminal.out(`It can only be restored with ${key}. Keep that in another place.\n`);
    } finally {
      await store.close();
    }
    return 0;
  },
};

interface Counts {
  readonly accounts: number;
  readonly keys: number;
  readonly requests: number;
}

/** `2 accounts, 1 key and 120 requests` */
export function countsText({ accounts, keys, requests }: Counts): string {
  const text = (count: number, name: string) => `${count} ${name}${count === 1 ? '' : 's'}`;
  return `${text(accounts, 'account')}, ${text(keys, 'key')} and ${text(requests, 'request')}`;
}

/** Creates a file with mode 0600 that is complete or absent; never overwrites one. */
async function writeNew<T>(path: string, work: (write: (line: string) => Promise<void>) => Promise<T>): Promise<T> {
  const output = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw notWritten(path, cause);
  });
  try {
    const result = await work((line) => writeLine(output, path, line));
    await output.sync();
    return result;
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  } finally {
    await output.close();
  }
}

async function writeLine(output: FileHandle, path: string, line: string): Promise<void> {
  try {
    await output.writeFile(`${line}\n`);
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

function notWritten(path: string, cause: unknown): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EEXIST') return new Error(`${path} already exists. Choose another name or remove the file.`, { cause });
  return new Error(`Could not write ${path}: ${cause instanceof Error ? cause.message : cause}.`, { cause });
}
