/**
 * Another program that owns a credential, the Kiro IDE with its file or Kiro CLI with its database: it refreshes from
 * time to time, writes the new tokens, and reads again if its token has already been used. Ends on request. Arguments:
 * the file, the simulator.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openOwned } from './owned.ts';

export interface RivalReport {
  readonly refreshed: number;
  readonly beaten: number;
  readonly stuck: number;
}

const [path = '', simulatorUrl = ''] = process.argv.slice(2);
const PAUSE_MS = 40;
const owned = openOwned(path);
/** After this long without a new token in the file, it considers its sign-in lost. */
const STUCK_MS = 10_000;

let isStopped = false;
process.once('message', () => {
  isStopped = true;
});
const report = { refreshed: 0, beaten: 0, stuck: 0 };
while (!isStopped) {
  await refresh();
  await sleep(PAUSE_MS * (0.5 + Math.random()));
}
process.send?.(report satisfies RivalReport, undefined, undefined, () => process.disconnect?.());

async function refresh(): Promise<void> {
  const current = owned.read();
  const response = await fetch(`${simulatorUrl}/refreshToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken: current }),
  });
  if (!response.ok) {
    report.beaten++;
    const deadlineMs = Date.now() + STUCK_MS;
    while (owned.read() === current && Date.now() < deadlineMs) await sleep(5);
    if (owned.read() === current) report.stuck++;
    return;
  }
  const { accessToken = '', refreshToken = '' } = (await response.json()) as Record<string, string>; // from the simulator
  owned.write(accessToken, refreshToken, new Date(Date.now() + 30_000).toISOString());
  report.refreshed++;
}
