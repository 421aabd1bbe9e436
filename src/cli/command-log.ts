/** Creates a command's log, which redacts every configured secret, and logs the warnings about the settings. */
import { SETTING_KEYS, SETTINGS } from '../config/settings.ts';
import type { LoadedSettings, LogLevel, Settings } from '../config.ts';
import { databaseSecrets } from '../core/database-url.ts';
import { createLog, type RunningLog } from '../telemetry/log.ts';
import type { Terminal } from './terminal.ts';

export function commandLog(
  { settings, warnings }: Pick<LoadedSettings, 'settings' | 'warnings'>,
  terminal: Terminal,
  level: LogLevel,
  worker?: number,
): RunningLog {
  const isTerminal = process.stderr.isTTY === true;
  const log = createLog({
    level,
    format: settings.logFormat,
    secrets: secretsOf(settings),
    colour: isTerminal && terminal.colour,
    isTerminal,
    worker,
    reword: terminal.withCommandName,
  });
  for (const warning of warnings) log.warn({}, warning);
  return log;
}

/** Applies settings that have changed since the start. Secrets of the start stay covered. */
export function reconfigureLog(log: RunningLog, started: Settings, changed: Settings): void {
  log.reconfigure({ level: changed.logLevel, secrets: [...secretsOf(started), ...secretsOf(changed)] });
}

/** Every configured secret, for redaction in the log. */
export function secretsOf(settings: Settings): readonly string[] {
  const secrets = SETTING_KEYS.filter((key) => SETTINGS[key].isSecret).flatMap((key) => settings[key] ?? []);
  // A message may have the address of a webhook without its shape.
  const webhooks = settings.alertWebhooks.map((webhook) => webhook.replace(/^[a-z]+:(?=https?:)/, ''));
  return [...secrets.map(String), ...webhooks, ...databaseSecrets(settings.databaseUrl)];
}
