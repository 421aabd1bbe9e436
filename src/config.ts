/**
 * Settings from flags, the environment and `.env`, each with where it came from. Anything wrong stops the start and
 * says which name, what is wrong with it and what would do.
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
}

/** A flag of the command line which sets a setting for this run. */
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
  const settings: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, Origin>> = {};
  for (const key of SETTING_KEYS) {
    const row: Setting<unknown> = SETTINGS[key];
    const { written, origin } = findWritten(row, sources, flags[key]);
    origins[key] = origin;
    if (written === undefined) continue;
    const parsed = row.schema.safeParse(written);
    if (parsed.success) settings[key] = parsed.data;
    else problems.push(problemOf(row, origin, written, parsed.error.issues[0]?.message ?? 'is not accepted'));
  }
  if (problems.length > 0) throw new SettingsError(problems);
  const home = typeof settings.home === 'string' ? settings.home : DEFAULT_HOME;
  for (const key of SETTING_KEYS) {
    if (origins[key]?.from === 'default') settings[key] = SETTINGS[key].fallback(home);
  }
  // Both loops have visited every key, and each value passed its own row's schema.
  return { settings: settings as Settings, origins: origins as Record<SettingKey, Origin> };
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

/** A value as people may see it: secrets by number only, passwords inside addresses covered. */
export function shownValue(key: SettingKey, settings: Settings): string | number | boolean | readonly string[] | null {
  const value = settings[key];
  if (value === undefined) return null;
  if (!SETTINGS[key].isSecret) return typeof value === 'string' ? withoutPassword(value) : value;
  if (Array.isArray(value)) return value.map(() => '••••••••');
  return '••••••••';
}

/** An empty value counts as not set: container files write `NAME=` for that. */
function findWritten(row: Setting<unknown>, sources: readonly Source[], flag: Flag | undefined) {
  if (flag) return { written: flag.value, origin: { from: 'flag', name: flag.name } satisfies Origin };
  for (const name of [row.name, ...row.alsoRead]) {
    for (const { values, origin } of sources) {
      const written = values[name];
      if (written !== undefined && written.trim() !== '') return { written, origin: origin(name) };
    }
  }
  return { written: undefined, origin: { from: 'default' } satisfies Origin };
}

function problemOf(row: Setting<unknown>, origin: Origin, written: string, problem: string): string {
  const where = origin.from === 'default' ? row.name : originText(origin);
  const shown = row.isSecret || hasPassword(written) ? '' : ` (${JSON.stringify(written.slice(0, 80))})`;
  return `${where}${shown} ${problem}. Accepted: ${row.accepts.replaceAll('`', '')}.`;
}

const OWN_NAMES = SETTING_KEYS.map((key) => SETTINGS[key].name).filter((name) => name.startsWith('DRAGOMAN_'));

function unknownNames({ values, origin }: Source): string[] {
  return Object.keys(values)
    .filter((name) => name.startsWith('DRAGOMAN_') && !OWN_NAMES.includes(name))
    .map((name) => {
      const near = nearest(name, OWN_NAMES);
      return `${originText(origin(name))} is no setting of dragoman.${near ? ` Did you mean ${near}?` : ''} \`dragoman config\` lists all.`;
    });
}

function nearest(name: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((candidate) => ({ candidate, edits: editDistance(name, candidate) }));
  ranked.sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best && best.edits <= 5 ? best.candidate : undefined;
}

/** Levenshtein's distance: insertions, deletions and replacements, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function hasPassword(value: string): boolean {
  return withoutPassword(value) !== value;
}
