/**
 * The other program which owns a Kiro credential file: it refreshes now and then, writes what it got, and reads the
 * file again when its token turns out to be spent. Ends when told so. Arguments: the file, the simulator.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RivalReport {
  readonly made: number;
  readonly beaten: number;
  readonly stuck: number;
}

const [path = '', simulatorUrl = ''] = process.argv.slice(2);
const PAUSE_MS = 40;
/** It believes its sign-in lost when the file has shown nothing new for so long. */
const STUCK_MS = 10_000;

let isStopped = false;
process.once('message', () => {
  isStopped = true;
});
const report = { made: 0, beaten: 0, stuck: 0 };
while (!isStopped) {
  await refresh();
  await sleep(PAUSE_MS * (0.5 + Math.random()));
}
process.send?.(report satisfies RivalReport, undefined, undefined, () => process.disconnect?.());

async function refresh(): Promise<void> {
  const current = read();
  const response = await fetch(`${simulatorUrl}/refreshToken`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refreshToken: current.refreshToken }),
  });
  if (!response.ok) {
    report.beaten++;
    const deadlineMs = Date.now() + STUCK_MS;
    while (read().refreshToken === current.refreshToken && Date.now() < deadlineMs) await sleep(5);
    if (read().refreshToken === current.refreshToken) report.stuck++;
    return;
  }
  const { accessToken, refreshToken } = (await response.json()) as Record<string, string>; // of our own simulator
  const expiresAt = new Date(Date.now() + 30_000).toISOString();
  writeFileSync(`${path}.rival`, JSON.stringify({ ...current, accessToken, refreshToken, expiresAt }), { mode: 0o600 });
  renameSync(`${path}.rival`, path);
  report.made++;
}

function read(): Record<string, string> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>; // written above, or by the gateway
}
