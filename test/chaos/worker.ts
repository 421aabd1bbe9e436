/**
 * A process which makes new tokens for one account as often as it is told, each time a new one, and then says how it
 * went. Arguments: the database, the home of its key, the simulator, the account, how often.
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
  readonly made: number;
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
let made = 0;
for (let time = 0; time < Number(times); time++) {
  try {
    // No token lasts long enough, so each time there has to be another one.
    await tokenRefresh.refresh(accountId, { refused: undefined, earlyMs: Number.POSITIVE_INFINITY });
    made++;
  } catch (cause) {
    failures.push(GatewayError.from(cause).message);
  }
}
await transport.close();
await store.close();
process.send?.({ made, failures } satisfies WorkerReport, undefined, undefined, () => process.disconnect?.());
