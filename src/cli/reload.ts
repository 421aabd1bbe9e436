/** SIGHUP: reloads the settings and applies those that can change without a restart. */
import type { Serving } from '../compose-server.ts';
import { RELOADABLE } from '../config/changeable.ts';
import { SETTING_KEYS, SETTINGS } from '../config/settings.ts';
import type { LoadedSettings, Settings } from '../config.ts';
import type { RunningLog } from '../telemetry/log.ts';
import { secretsOf } from './command-log.ts';

/** Never rejects: on invalid settings, logs the error and keeps the current ones. */
export async function reload(
  load: () => LoadedSettings,
  started: Settings,
  serving: Pick<Serving, 'reconfigure'>,
  log: RunningLog,
): Promise<void> {
  try {
    const { settings } = load();
    const needRestart = SETTING_KEYS.filter((key) => !RELOADABLE.has(key) && differ(started[key], settings[key]));
    const { logLevel: level } = await serving.reconfigure(settings);
    log.reconfigure({ level, secrets: [...secretsOf(started), ...secretsOf(settings)] });
    log.info({ needRestart: needRestart.map((key) => SETTINGS[key].name) }, 'settings reloaded');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    log.error({ why }, 'could not reload settings; keeping the current ones');
  }
}

function differ(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}
