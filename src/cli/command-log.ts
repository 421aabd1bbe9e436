/** The log of a command, with every configured secret covered. */
import { SETTING_KEYS, SETTINGS } from '../config/settings.ts';
import type { LogLevel, Settings } from '../config.ts';
import { createLog, type RunningLog } from '../telemetry/log.ts';
import type { Terminal } from './terminal.ts';

export function commandLog(settings: Settings, terminal: Terminal, level: LogLevel): Promise<RunningLog> {
  const isTerminal = process.stderr.isTTY === true;
  const secrets = SETTING_KEYS.filter((key) => SETTINGS[key].isSecret).flatMap((key) => settings[key] ?? []);
  return createLog({
    level,
    format: settings.logFormat,
    secrets: secrets.map(String),
    colour: isTerminal && terminal.colour,
    isTerminal,
  });
}
