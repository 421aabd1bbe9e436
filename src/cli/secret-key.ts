/** `dragoman secret-key rotate`: re-encrypts the database under a new key. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { systemClock } from '../transport/clock.ts';
import { type Command, type CommandGroup, printJson, textOption, UsageError } from './command.ts';
import { printWarnings, settingOptions, settingsOf } from './settings-of.ts';

/** The minimum that DRAGOMAN_SECRET_KEY accepts. */
const MIN_KEY_LENGTH = 32;

const rotate: Command = {
  name: 'rotate',
  summary: 'Re-encrypt the database under a new key',
  options: [
    {
      flag: '--new-key-file <path>',
      meaning:
        'file with the new DRAGOMAN_SECRET_KEY, `-` for standard input (default: generate a key file in DRAGOMAN_HOME)',
    },
    ...settingOptions('database'),
  ],
  examples: [
    'dragoman secret-key rotate',
    'openssl rand -base64 32 > new.key && dragoman secret-key rotate --new-key-file new.key',
  ],
  async run(input) {
    const { terminal, json } = input;
    const loaded = settingsOf(input);
    printWarnings(input, loaded);
    const { databaseUrl, home, secretKey } = loaded.settings;
    if (databaseUrl === 'sqlite::memory:')
      throw new UsageError('An in-memory database has no key to rotate. Pass the database with --database.');
    const newKey = await readNewKey(textOption(input, 'newKeyFile'));
    if (secretKey !== undefined && newKey === undefined) {
      throw new UsageError(
        'The current key is set by DRAGOMAN_SECRET_KEY, so pass the new one: run ' +
          '`openssl rand -base64 32 > new.key`, then add --new-key-file new.key.',
      );
    }
    const { openStore } = await import('../storage/open.ts');
    const store = await openStore({ url: databaseUrl, home, secretKey, clock: systemClock });
    try {
      const rotated = await store.rotateKey(newKey);
      const [{ commandRecorder }, { commandLog }] = await Promise.all([
        import('./record-change.ts'),
        import('./command-log.ts'),
      ]);
      const log = commandLog({ settings: loaded.settings, warnings: [] }, terminal, 'warn');
      const record = commandRecorder(store, { log, keptDays: () => loaded.settings.auditDays });
      await record({ action: 'secret-key.rotate', target: undefined, changes: [] });
      if (json) printJson(terminal, { event: 'rotated', ...rotated });
      else terminal.out(`${resultText(rotated.accounts, newKey !== undefined, secretKey === undefined, home)}\n`);
    } finally {
      await store.close();
    }
    return 0;
  },
};

export const secretKey: CommandGroup = {
  name: 'secret-key',
  summary: 'Manage the key that encrypts credentials in the database',
  commands: [rotate],
};

function resultText(accounts: number, isSetting: boolean, hadFile: boolean, home: string): string {
  const what = `Re-encrypted ${accounts} account${accounts === 1 ? '' : 's'} and all other secrets.`;
  if (!isSetting) return `${what}\nThe new key is in ${home}. Restart every running gateway.`;
  const old = hadFile ? ` The key file in ${home} is no longer used; remove it.` : '';
  return `${what}\nSet DRAGOMAN_SECRET_KEY to the new key on every replica and restart them.${old}`;
}

async function readNewKey(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const key = (path === '-' ? await readText(process.stdin) : await readKeyFile(path)).trim();
  if (key.length >= MIN_KEY_LENGTH) return key;
  throw new UsageError(
    `The new key has ${key.length} characters but needs at least ${MIN_KEY_LENGTH}. Generate one with \`openssl rand -base64 32\`.`,
  );
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new UsageError(`Could not read the new key from ${path}${why}.`);
  }
}
