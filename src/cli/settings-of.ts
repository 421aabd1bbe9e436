/** The settings of a command: flags override the environment and `.env`. */
import { type Flags, type LoadedSettings, loadSettings, readEnvFiles, type SettingKey } from '../config.ts';
import { type CommandInput, type CommandOption, textOption } from './command.ts';

interface SettingFlag extends CommandOption {
  readonly name: string;
  readonly key: SettingKey;
}

const SETTING_FLAGS: readonly SettingFlag[] = [
  { name: 'host', key: 'host', flag: '--host <address>', meaning: 'address to listen on' },
  { name: 'port', key: 'port', flag: '--port <n>', meaning: 'port to listen on' },
  {
    name: 'workers',
    key: 'workers',
    flag: '--workers <n>',
    meaning: 'processes that serve together; auto: one a core',
  },
  { name: 'database', key: 'databaseUrl', flag: '--database <url>', meaning: 'sqlite:PATH, a path, or postgres://…' },
  { name: 'upstream', key: 'upstreamUrl', flag: '--upstream <url>', meaning: 'base URL of the service' },
];

/** The command options for these settings. */
export function settingOptions(...names: readonly string[]): readonly CommandOption[] {
  return SETTING_FLAGS.filter(({ name }) => names.includes(name)).map(({ flag, meaning }) => ({ flag, meaning }));
}

/** Throws SettingsError. */
export function settingsOf(input: CommandInput): LoadedSettings {
  const flags: Flags = {};
  for (const { name, key } of SETTING_FLAGS) {
    const value = textOption(input, name);
    if (value !== undefined)
      flags[key] = { name: `--${name}`, value: name === 'database' ? databaseUrl(value) : value };
  }
  return loadSettings(process.env, readEnvFiles(), flags);
}

/** Prints the warnings about settings, for commands without a log. */
export function printWarnings({ terminal }: CommandInput, { warnings }: LoadedSettings): void {
  for (const warning of warnings) terminal.err(`${terminal.style('yellow', 'warning')}: ${warning}\n`);
}

function databaseUrl(written: string): string {
  return /^[a-z]{2,}:/.test(written) ? written : `sqlite:${written}`;
}
