/**
 * Two gateways in one process, each with settings and a home folder of its own. Two processes of one program differ by several
 * per cent for as long as they run, because the compiler decides from what each happens to see first; what one setting costs is
 * less than that. Here both run the same compiled code.
 *
 * Usage: node bench/subjects/two-gateways.ts SETTINGS SETTINGS
 * SETTINGS: environment variables as a JSON object.
 */
import { z } from 'zod';
import { commandLog } from '../../src/cli/command-log.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { startServing } from '../../src/compose-server.ts';
import { loadSettings } from '../../src/config.ts';
import { growAtOnce, keepTickShape, releaseStartMemory } from '../../src/garbage-collection.ts';
import type { RunningServer } from '../../src/http/ports.ts';

const environment = z.record(z.string(), z.string());

growAtOnce();
keepTickShape();
const servers: RunningServer[] = [];
for (const json of process.argv.slice(2)) {
  const loaded = loadSettings(environment.parse(JSON.parse(json)));
  const log = commandLog(loaded, createTerminal(), loaded.settings.logLevel);
  const { server } = await startServing(loaded.settings, log, {}, loaded.origins);
  servers.push(server);
}
releaseStartMemory(() => servers.some((server) => server.open().requests > 0));
