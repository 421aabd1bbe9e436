/** Opens the gateway for a one-shot command. */
import type { Composed } from '../compose.ts';
import type { Settings } from '../config.ts';
import type { AuditRecord } from '../gateway/audit/ports.ts';
import type { CommandInput } from './command.ts';
import { settingsOf } from './settings-of.ts';

export interface OpenGateway extends Composed, AsyncDisposable {
  readonly settings: Settings;
  /** Adds a change by this command to the audit trail. Never rejects. */
  record(change: Omit<AuditRecord, 'actor'>): Promise<void>;
}

/** Raises log level info to warn, since the command prints its own result. */
export async function openGateway(input: CommandInput): Promise<OpenGateway> {
  const [{ composeGateway }, { commandLog }, { commandRecorder }] = await Promise.all([
    import('../compose.ts'),
    import('./command-log.ts'),
    import('./record-change.ts'),
  ]);
  const loaded = settingsOf(input);
  const { settings } = loaded;
  const log = commandLog(loaded, input.terminal, settings.logLevel === 'info' ? 'warn' : settings.logLevel);
  const composed = await composeGateway(settings, log, input.overrides);
  return {
    ...composed,
    settings,
    record: commandRecorder(composed.store, { log, keptDays: () => settings.auditDays }),
    async [Symbol.asyncDispose](): Promise<void> {
      await composed.close();
      await log.flush();
    },
  };
}
