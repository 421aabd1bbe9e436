/** SIGHUP: settings are read again, and those that can change while the gateway runs take effect. */
import { SETTING_KEYS, SETTINGS, type SettingKey } from '../config/settings.ts';
import type { LoadedSettings, Settings } from '../config.ts';
import type { RunningLog } from '../telemetry/log.ts';
import { secretsOf } from './command-log.ts';
import type { Serving } from './serving.ts';

/** docs/operation.md names them. */
const RELOADABLE: readonly SettingKey[] = ['logLevel', 'apiKeys', 'adminToken'];

/** Never rejects: settings that cannot be read or used are reported, and the gateway goes on with those it has. */
export async function reload(
  load: () => LoadedSettings,
  started: Settings,
  serving: Pick<Serving, 'reconfigure'>,
  log: RunningLog,
): Promise<void> {
  try {
    const { settings } = load();
    const waiting = SETTING_KEYS.filter((key) => !RELOADABLE.includes(key) && differ(started[key], settings[key]));
    await serving.reconfigure(settings);
    log.reconfigure({ level: settings.logLevel, secrets: [...secretsOf(started), ...secretsOf(settings)] });
    log.info({ needRestart: waiting.map((key) => SETTINGS[key].name) }, 'settings were read again');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    log.error({ why }, 'settings could not be read again; the present ones stay in use');
  }
}

function differ(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}
