/** `dragoman accounts export`: writes the accounts to a file that `dragoman accounts import` reads. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '../transport/clock.ts';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const accountsExport: Command = {
  name: 'export',
  summary: 'Write the accounts to a file, with --secrets including their credentials',
  options: [
    { flag: '--output <file>', meaning: 'new file, readable only by you; `-` for standard output' },
    { flag: '--secrets', meaning: 'include credentials: anyone with the file can use the accounts' },
    ...settingOptions('database'),
  ],
  examples: ['dragoman accounts export', 'dragoman accounts export --secrets --output accounts.json'],
  async run(input) {
    const output = outputOf(input);
    const withSecrets = input.options.secrets === true;
    await using opened = await openGateway(input);
    const { toExport } = await import('../accounts/imports/export-file.ts');
    const accounts = await opened.store.accounts.list();
    const text = `${JSON.stringify(toExport(accounts, withSecrets, systemClock.now()), undefined, 2)}\n`;
    if (output === undefined) input.terminal.out(text);
    else await write(output, text);
    if (output !== undefined && input.json) printJson(input.terminal, { file: output, accounts: accounts.length });
    else if (output !== undefined) printResult(input, output, accounts.length, withSecrets);
    return 0;
  },
};

/** The output path, or undefined for standard output. Throws UsageError if secrets would reach the screen by default. */
function outputOf(input: CommandInput): string | undefined {
  const written = textOption(input, 'output');
  if (written === undefined && input.options.secrets === true)
    throw new UsageError('Secrets are not printed by default. Pass --output FILE, or --output - for standard output.');
  return written === undefined || written === '-' ? undefined : resolve(written);
}

/** Creates a new file with mode 0600; never overwrites one. */
async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (exists) throw new Error(`${path} already exists. Choose another name or remove the file.`, { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Could not write ${path}: ${why}.`, { cause });
  }
}

function printResult({ terminal }: CommandInput, path: string, count: number, withSecrets: boolean): void {
  const what = count === 1 ? '1 account' : `${count} accounts`;
  terminal.out(`Exported ${what} to ${path}.\n`);
  if (!withSecrets) terminal.out('The file holds no credentials; --secrets includes them.\n');
  else terminal.out('Anyone with this file can use the accounts. Do not run two gateways on the same accounts.\n');
}
