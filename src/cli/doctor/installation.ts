/** Checks what is on this machine: the settings, the program, the database and its secret key. */
import type { Composed } from '../../compose.ts';
import { type LoadedSettings, SettingsError } from '../../config.ts';
import { shownDatabaseUrl } from '../../core/database-url.ts';
import { VERSION } from '../../version.ts';
import { type Finding, failed, failedWith, ok, warning } from './finding.ts';

const SETTINGS_REMEDY = 'Correct or remove it. docs/settings.md lists every setting and what it accepts.';
('`dragoman config` shows every setting with its origin; docs/settings.md says what each accepts.');

export function settingsFindings({ origins, warnings }: LoadedSettings): Finding[] {
  const about = { check: 'settings' } as const;
  const changed = Object.values(origins).filter(({ from }) => from !== 'default').length;
  const others = changed === 1 ? '1 differs from its default' : `${changed} differ from their defaults`;
  const count = changed === 0 ? 'all have their defaults' : others;
  return [ok(about, count), ...warnings.map((text) => warning(about, text))];
}

/** Rethrows what is not about settings. */
export function settingsFailures(cause: unknown): Finding[] {
  if (!(cause instanceof SettingsError)) throw cause;
  return cause.problems.map((problem) => failed({ check: 'settings' }, problem, SETTINGS_REMEDY));
}

/** `engines` in package.json. */
const LEAST_NODE = 24;

export function programFinding(node: string = process.versions.node): Finding {
  const about = { check: 'program' } as const;
  const text = `dragoman ${VERSION}, Node.js ${node}`;
  if (Number.parseInt(node, 10) >= LEAST_NODE) return ok(about, text);
  return failed(about, text, `Install Node.js ${LEAST_NODE} or later.`);
}

/** The secret key has been verified when the store was opened. */
export async function databaseFindings({ store }: Composed, { settings, origins }: LoadedSettings): Promise<Finding[]> {
  const about = { check: 'database', subject: shownDatabaseUrl(settings.databaseUrl) } as const;
  const key = origins.secretKey.from === 'default' ? 'the key file in DRAGOMAN_HOME' : 'DRAGOMAN_SECRET_KEY';
  const findings = store.madePrivate.map((file) =>
    warning(
      { check: 'database', subject: file },
      'other users of this machine could read it; their access was removed',
    ),
  );
  try {
    await store.checkWritable();
    const isLost = settings.databaseUrl === 'sqlite::memory:';
    const result = isLost
      ? warning(about, 'is in memory: accounts and keys are lost when the gateway stops', 'Set DRAGOMAN_DATABASE_URL.')
      : ok(about, `can be read and written; ${key} opens it`);
    return [...findings, result];
  } catch (cause) {
    return [...findings, failedWith(about, cause)];
  }
}
