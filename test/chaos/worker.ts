/**
 * Refreshes one account's token a given number of times, then reports. Arguments: the database, the home with its key,
 * the simulator, the account, the number of refreshes.
 */
import { openLinked } from '../../src/accounts/imports/linked.ts';
import { TokenRefresh } from '../../src/accounts/token-refresh.ts';
import { composeTokenEndpoints, composeTransport } from '../../src/compose-tokens.ts';
import { loadSettings } from '../../src/config.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { SILENT } from '../../src/core/log.ts';
import { environmentFor } from '../../src/simulator/environment.ts';
import { openStore } from '../../src/storage/open.ts';
import { systemClock } from '../../src/transport/clock.ts';

export interface WorkerReport {
  readonly refreshed: number;
  readonly failures: readonly string[];
}

const [databaseUrl = '', home = '', simulatorUrl = '', accountId = '', times = '0'] = process.argv.slice(2);
const { settings } = loadSettings({ ...environmentFor(simulatorUrl), DRAGOMAN_HOME: home });
const store = await openStore({ url: databaseUrl, home, secretKey: undefined, clock: systemClock });
const transport = composeTransport(settings);
const tokenRefresh = new TokenRefresh({
  store: store.accounts,
  tokens: composeTokenEndpoints(settings, transport, systemClock),
  clock: systemClock,
  log: SILENT,
  openFile: openLinked,
});
const failures: string[] = [];
let refreshed = 0;
for (let time = 0; time < Number(times); time++) {
  try {
    // No token lasts long enough, so each call refreshes.
    await tokenRefresh.refresh(accountId, { refused: undefined, earlyMs: Number.POSITIVE_INFINITY });
    refreshed++;
  } catch (cause) {
    failures.push(GatewayError.from(cause).message);
  }
}
await transport.close();
await store.close();
process.send?.({ refreshed, failures } satisfies WorkerReport, undefined, undefined, () => process.disconnect?.());
