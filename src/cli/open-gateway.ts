/** Opens the gateway for a one-shot command. */
import type { Composed } from '../compose.ts';
import type { Settings } from '../config.ts';
import type { CommandInput } from './command.ts';
import { settingsOf } from './settings-of.ts';

export interface OpenGateway extends Composed, AsyncDisposable {
  readonly settings: Settings;
}

/** Raises log level info to warn, since the command prints its own result. */
export async function openGateway(input: CommandInput): Promise<OpenGateway> {
  const [{ composeGateway }, { commandLog }] = await Promise.all([import('../compose.ts'), import('./command-log.ts')]);
  const loaded = settingsOf(input);
  const { settings } = loaded;
  const log = commandLog(loaded, input.terminal, settings.logLevel === 'info' ? 'warn' : settings.logLevel);
  const composed = await composeGateway(settings, log, input.overrides);
  return {
    ...composed,
    settings,
    async [Symbol.asyncDispose](): Promise<void> {
      await composed.close();
      await log.flush();
    },
  };
}
