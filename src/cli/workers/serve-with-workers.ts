/** `dragoman serve --workers`: the parent process. It prints, supervises and passes signals on; the workers do the rest. */
import { type LoadedSettings, originText, SettingsError } from '../../config.ts';
import { systemClock } from '../../transport/clock.ts';
import { printServing } from '../banner.ts';
import type { CommandInput } from '../command.ts';
import { commandLog } from '../command-log.ts';
import { reload } from '../reload.ts';
import { settingsOf } from '../settings-of.ts';
import { CLOSING_TIMEOUT_MS, endWithin, untilStopped } from '../stop.ts';
import { createWorkerFork } from './cluster.ts';
import { Supervisor } from './supervisor.ts';

/** Longer than the workers take at most, so that they report for themselves why they were late. */
const LAST_WORDS_MS = 2_000;

/** Returns the exit code. Throws SettingsError, and the error of a worker that cannot start. */
export async function serveWithWorkers(input: CommandInput, loaded: LoadedSettings): Promise<number> {
  assertShareable(loaded);
  const { settings, origins } = loaded;
  const { workers: count, shutdownTimeoutMs } = settings;
  const log = commandLog(loaded, input.terminal, settings.logLevel);
  const stopped = untilStopped();
  const supervisor = new Supervisor({
    ...{ count, settings, origins, log },
    fork: createWorkerFork(),
    program: process.argv[1] ?? '',
    clock: systemClock,
  });
  const starting = supervisor.start();
  process.on('SIGHUP', () => {
    starting.then(() => reload(() => settingsOf(input), settings, supervisor, log)).catch(() => {});
  });
  printServing(input, await starting, count);
  log.info({ signal: await Promise.race([stopped, supervisor.failed]) }, 'shutting down; waiting for open replies');
  let isClean = false;
  const ended = supervisor.stop().then((it) => {
    isClean = it;
  });
  await endWithin(shutdownTimeoutMs + CLOSING_TIMEOUT_MS + LAST_WORDS_MS, ended, log);
  return isClean ? 0 : 1;
}

function assertShareable({ settings: { workers, databaseUrl }, origins }: LoadedSettings): void {
  if (databaseUrl !== 'sqlite::memory:') return;
  throw new SettingsError([
    `${originText(origins.workers)} asks for ${workers} processes, which cannot share the database sqlite::memory: ` +
      `(${originText(origins.databaseUrl)}). Choose a file or PostgreSQL with DRAGOMAN_DATABASE_URL, or use 1 worker.`,
  ]);
}
