/** `dragoman secret-key rotate`: everything in the database which is sealed gets another key. */
import { readFile } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import { systemClock } from '../transport/clock.ts';
import { type Command, type CommandGroup, printJson, textOption, UsageError } from './command.ts';
import { printWarnings, settingOptions, settingsOf } from './settings-of.ts';

/** As the setting accepts it. */
const SHORTEST_KEY = 32;

const rotate: Command = {
  name: 'rotate',
  summary: 'seals everything in the database anew, under another secret key',
  options: [
    {
      flag: '--new-key-file <path>',
      meaning: 'a file with the new DRAGOMAN_SECRET_KEY, `-` for standard input; without it a new key file in the home',
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
      throw new UsageError('A database in memory has no key which could be rotated. Name another with --database.');
    const newKey = await readNewKey(textOption(input, 'newKeyFile'));
    if (secretKey !== undefined && newKey === undefined) {
      throw new UsageError(
        'The key comes from DRAGOMAN_SECRET_KEY, so the new one has to come from you: ' +
          '`openssl rand -base64 32 > new.key`, then --new-key-file new.key.',
      );
    }
    const { openStore } = await import('../storage/open.ts');
    const store = await openStore({ url: databaseUrl, home, secretKey, clock: systemClock });
    try {
      const rotated = await store.rotateKey(newKey);
      if (json) printJson(terminal, { event: 'rotated', ...rotated });
      else terminal.out(`${said(rotated.accounts, newKey !== undefined, secretKey === undefined, home)}\n`);
    } finally {
      await store.close();
    }
    return 0;
  },
};

export const secretKey: CommandGroup = {
  name: 'secret-key',
  summary: 'the key which the credentials in the database are sealed with',
  commands: [rotate],
};

function said(accounts: number, isSetting: boolean, hadFile: boolean, home: string): string {
  const what = `Sealed anew: ${accounts} account${accounts === 1 ? '' : 's'} and what belongs to them.`;
  if (!isSetting) return `${what}\nThe new key is in ${home}. Start gateways which ran meanwhile again.`;
  const old = hadFile ? ` The key file in ${home} opens nothing any more; remove it.` : '';
  return `${what}\nSet DRAGOMAN_SECRET_KEY to the new key, for every replica, and start them again.${old}`;
}

async function readNewKey(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const key = (path === '-' ? await readText(process.stdin) : await readKeyFile(path)).trim();
  if (key.length >= SHORTEST_KEY) return key;
  throw new UsageError(
    `The new key has ${key.length} characters; it needs at least ${SHORTEST_KEY}, as random as you can make them.`,
  );
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new UsageError(`The new key cannot be read from ${path}${why}.`);
  }
}
