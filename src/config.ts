/**
 * Loads settings from flags, the environment and `.env`, each with its origin. An invalid flag or `DRAGOMAN_…` value
 * stops the start with its name, the problem and the accepted values. Variables that other programs read
 * too (`PORT`, `HTTP_PROXY`) may hold values that only those programs accept: these are skipped with a warning.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import {
  DEFAULT_HOME,
  SETTING_KEYS,
  SETTINGS,
  type Setting,
  type SettingKey,
  type Settings,
} from './config/settings.ts';
import { shownDatabaseUrl } from './core/database-url.ts';
import { didYouMean } from './core/did-you-mean.ts';
import { withoutPassword } from './core/userinfo.ts';

export type { LogLevel, SettingKey, Settings } from './config/settings.ts';

export interface EnvFile {
  readonly path: string;
  readonly text: string;
}

/** `default`, `flag --port`, `environment HOST`, `.env DRAGOMAN_PORT`. */
export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'flag'; readonly name: string }
  | { readonly from: 'environment'; readonly name: string }
  | { readonly from: 'file'; readonly name: string; readonly path: string };

export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** One sentence for each skipped value, without secrets. */
  readonly warnings: readonly string[];
}

/** A command-line flag that overrides a setting. */
interface Flag {
  readonly name: string;
  readonly value: string;
}
export type Flags = Partial<Record<SettingKey, Flag>>;

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`dragoman cannot start with these settings:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Source {
  readonly values: Environment;
  readonly origin: (name: string) => Origin;
}

/** Flags win over the environment, the environment over files, earlier files over later ones. Throws SettingsError. */
export function loadSettings(env: Environment, files: readonly EnvFile[] = [], flags: Flags = {}): LoadedSettings {
  const sources: Source[] = [
    { values: env, origin: (name) => ({ from: 'environment', name }) },
    ...files.map(({ path, text }): Source => {
      return { values: parseEnv(text), origin: (name) => ({ from: 'file', name, path }) };
    }),
  ];
  const problems = sources.flatMap(unknownNames);
  const warnings: string[] = [];
  const settings: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, Origin>> = {};
  for (const key of SETTING_KEYS) {
    const row: Setting<unknown> = SETTINGS[key];
    origins[key] = { from: 'default' };
    for (const candidate of candidatesOf(row, sources, flags[key])) {
      const result = read(row, candidate);
      if ('problem' in result) {
        (candidate.isBorrowed ? warnings : problems).push(result.problem);
        if (candidate.isBorrowed) continue;
      } else settings[key] = result.value;
      origins[key] = candidate.origin;
      break;
    }
  }
  problems.push(...contradictions(settings));
  if (problems.length > 0) throw new SettingsError(problems);
  const home = typeof settings.home === 'string' ? settings.home : DEFAULT_HOME;
  for (const key of SETTING_KEYS) {
    if (origins[key]?.from === 'default') settings[key] = SETTINGS[key].fallback(home);
  }
  // Both loops have visited every key, and each value passed its own row's schema.
  return { settings: settings as Settings, origins: origins as Record<SettingKey, Origin>, warnings };
}

/** Settings that are valid by themselves, but not together. */
function contradictions({ ledger, ledgerText }: Partial<Record<SettingKey, unknown>>): string[] {
  if (ledger !== false || ledgerText !== 'sealed') return [];
  return [
    'DRAGOMAN_LEDGER_TEXT is sealed, but DRAGOMAN_LEDGER is no: without a ledger no text is kept. Change one of them.',
  ];
}

/** `.env` of the working directory, if there is one. */
export function readEnvFiles(path = '.env'): EnvFile[] {
  return existsSync(path) ? [{ path, text: readFileSync(path, 'utf8') }] : [];
}

export function originText(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'flag':
      return `flag ${origin.name}`;
    case 'environment':
      return `environment ${origin.name}`;
    case 'file':
      return `${origin.path} ${origin.name}`;
  }
}

/** A value for display: secrets only as a count, passwords in addresses masked. */
export function shownValue(key: SettingKey, settings: Settings): string | number | boolean | readonly string[] | null {
  const value = settings[key];
  if (value === undefined) return null;
  if (key === 'databaseUrl') return shownDatabaseUrl(settings.databaseUrl);
  if (!SETTINGS[key].isSecret) return typeof value === 'string' ? withoutPassword(value) : value;
  if (key === 'alertWebhooks') return settings.alertWebhooks.map(shownWebhook);
  if (Array.isArray(value)) return value.map(() => '••••••••');
  return '••••••••';
}

/** `slack:https://hooks.slack.com/••••••••`: the path of a webhook is a secret. */
function shownWebhook(written: string): string {
  return written.replace(/^(.*?:\/\/)(?:[^/?#]*@)?([^/?#]*).*$/s, '$1$2/••••••••');
}

/** A value as an environment variable has it. */
export function writtenValue(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

interface Candidate {
  readonly written: string;
  readonly origin: Origin;
  /** True if the variable's name is one that other programs read too. */
  readonly isBorrowed: boolean;
}

const OWN_PREFIX = 'DRAGOMAN_';

/** In order of precedence. An empty value counts as unset, since container files write `NAME=` for that. */
function* candidatesOf(row: Setting<unknown>, sources: readonly Source[], flag: Flag | undefined): Iterable<Candidate> {
  if (flag) yield { written: flag.value, origin: { from: 'flag', name: flag.name }, isBorrowed: false };
  for (const name of [row.name, ...row.alsoRead]) {
    for (const { values, origin } of sources) {
      const written = values[name];
      if (written !== undefined && written.trim() !== '')
        yield { written, origin: origin(name), isBorrowed: !name.startsWith(OWN_PREFIX) };
    }
  }
}

function read(
  row: Setting<unknown>,
  { written, origin, isBorrowed }: Candidate,
): { readonly value: unknown } | { readonly problem: string } {
  const parsed = (isBorrowed ? row.borrowedSchema : row.schema).safeParse(written);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  const suggestion = issue?.code === 'invalid_value' ? didYouMean(written, issue.values.map(String)) : '';
  const shown = row.isSecret || hasPassword(written) ? '' : ` (${JSON.stringify(written.slice(0, 80))})`;
  const problem = `${originText(origin)}${shown} ${issue?.message ?? 'is not accepted'}`;
  const accepted = `Accepted: ${row.accepts.replaceAll('`', '')}.`;
  if (!isBorrowed) return { problem: `${problem}.${suggestion} ${accepted}` };
  const isOwn = row.name.startsWith(OWN_PREFIX);
  const remedy = isOwn ? `Set ${row.name} to choose a value` : 'Correct or unset it';
  return { problem: `${problem}, so dragoman ignores it. ${remedy}. ${accepted}` };
}

const OWN_NAMES = SETTING_KEYS.map((key) => SETTINGS[key].name).filter((name) => name.startsWith(OWN_PREFIX));

function unknownNames({ values, origin }: Source): string[] {
  return Object.keys(values)
    .filter((name) => name.startsWith(OWN_PREFIX) && !OWN_NAMES.includes(name))
    .map((name) => {
      const suggestion = didYouMean(name, OWN_NAMES);
      return `${originText(origin(name))} is not a setting of dragoman.${suggestion} \`dragoman config\` lists all settings.`;
    });
}

function hasPassword(value: string): boolean {
  return withoutPassword(value) !== value || /:\/\/.*(?:@|password=)/i.test(value);
}
