/** `dragoman accounts export`: the accounts as a file which `dragoman accounts import` reads back. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const accountsExport: Command = {
  name: 'export',
  summary: 'writes the accounts to a file; with --secrets one which signs in elsewhere too',
  options: [
    { flag: '--output <file>', meaning: 'a new file, which only you can read; `-` for standard output' },
    { flag: '--secrets', meaning: 'with the credentials: whoever has the file can use the accounts' },
    ...settingOptions('database'),
  ],
  examples: ['dragoman accounts export', 'dragoman accounts export --secrets --output accounts.json'],
  async run(input) {
    const output = outputOf(input);
    const withSecrets = input.options.secrets === true;
    await using opened = await openGateway(input);
    const { toExport } = await import('../accounts/imports/export-file.ts');
    const accounts = await opened.store.accounts.list();
    const text = `${JSON.stringify(toExport(accounts, withSecrets, Date.now()), undefined, 2)}\n`;
    if (output === undefined) input.terminal.out(text);
    else await write(output, text);
    if (output !== undefined && input.json) printJson(input.terminal, { file: output, accounts: accounts.length });
    else if (output !== undefined) tell(input, output, accounts.length, withSecrets);
    return 0;
  },
};

/** undefined: standard output. Throws UsageError where secrets would end on a screen. */
function outputOf(input: CommandInput): string | undefined {
  const written = textOption(input, 'output');
  if (written === undefined && input.options.secrets === true)
    throw new UsageError('Say where the secrets shall go: --output and a file, or `-` for standard output.');
  return written === undefined || written === '-' ? undefined : resolve(written);
}

/** Never over another file, nor into one which somebody else may read. */
async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (isThere) throw new Error(`${path} is there already. Choose another name, or remove it.`, { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path} could not be written: ${why}.`, { cause });
  }
}

function tell({ terminal }: CommandInput, path: string, count: number, withSecrets: boolean): void {
  const what = count === 1 ? '1 account' : `${count} accounts`;
  terminal.out(`Exported: ${what} to ${path}.\n`);
  if (!withSecrets) terminal.out('It holds no credentials: --secrets writes them too.\n');
  else terminal.out('Whoever has this file can use the accounts. Do not let two gateways use the same ones.\n');
}
