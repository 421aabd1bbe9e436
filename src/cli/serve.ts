/** `dragoman serve`: runs the gateway. */
import { writeCompileCacheSoon } from '../compile-cache.ts';
import type { Settings } from '../config.ts';
import { growAtOnce, keepTickShape, releaseStartMemory } from '../garbage-collection.ts';
import type { Command } from './command.ts';
import { settingOptions, settingsOf } from './settings-of.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'Run the gateway',
  options: settingOptions('host', 'port', 'workers', 'database', 'upstream'),
  examples: [
    'dragoman serve',
    'DRAGOMAN_API_KEYS=… dragoman serve --host 0.0.0.0 --port 8000',
    'dragoman serve --workers auto',
  ],
  async run(input) {
    const { terminal } = input;
    const loaded = settingsOf(input);
    const { settings, origins } = loaded;
    if (settings.workers > 1) {
      const { serveWithWorkers } = await import('./workers/serve-with-workers.ts');
      return serveWithWorkers(input, loaded);
    }
    const [
      { commandLog, reconfigureLog },
      { startServing },
      { reload },
      { endWithin, untilStopped, CLOSING_TIMEOUT_MS },
      banner,
    ] = await Promise.all([
      import('./command-log.ts'),
      import('../compose-server.ts'),
      import('./reload.ts'),
      import('./stop.ts'),
      import('./banner.ts'),
    ]);
    growAtOnce();
    keepTickShape();
    const log = commandLog(loaded, terminal, settings.logLevel);
    const stopped = untilStopped();
    const onSettings = (changed: Settings) => reconfigureLog(log, settings, changed);
    const starting = startServing(settings, log, { onSettings }, origins);
    process.on('SIGHUP', () => {
      starting.then((it) => reload(() => settingsOf(input), settings, it, log)).catch(() => {});
    });
    const serving = await starting;
    const ticket = terminal.isInteractive ? await serving.createTicket().catch(() => undefined) : undefined;
    banner.printServing(input, { ...serving, ticket });
    releaseStartMemory(() => serving.server.open().requests > 0);
    writeCompileCacheSoon();
    log.info({ signal: await stopped }, 'shutting down; waiting for open replies');
    await endWithin(settings.shutdownTimeoutMs + CLOSING_TIMEOUT_MS, serving.stop(), log);
    return 0;
  },
};
