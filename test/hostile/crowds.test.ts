/** Many connections at once: their memory is released when they end, and others are served meanwhile. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createHome } from '../support/command.ts';
import type { Kind } from './crowd.ts';
import { type GatewayProcess, residentBytes, startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';

/** Kept-alive connections to the service, and descriptors that the runtime opens once. */
const SPARE_DESCRIPTORS = 12;
const SPARE_BYTES = 64 * 1024 * 1024;

const CROWDS: readonly (readonly [string, Kind, number])[] = [
  ['2,000 stalled connections', 'stalled', 2_000],
  ['2,000 connections of garbage', 'garbage', 2_000],
  ['20 refused requests that send their bodies without end', 'flood', 20],
  ['50 clients that stop reading their replies', 'stopped-reader', 50],
];

const hasProc = existsSync('/proc/self/fd');

it.skipIf(!hasProc).for(CROWDS)('%s (needs /proc)', { timeout: 240_000 }, async ([, kind, count], context) => {
  const gateway = await startGatewayProcess({ DRAGOMAN_WRITE_TIMEOUT_MS: '1000' }, longReplies());
  // Memory that the runtime keeps after the first crowd is not a leak.
  await runCrowd(gateway, kind, count);
  const descriptors = descriptorsOf(gateway);
  const bytes = residentBytes(gateway);
  await measureInput(context, gateway, () => runCrowd(gateway, kind, count));
  await vi.waitFor(
    () => {
      expect(descriptorsOf(gateway)).toBeLessThanOrEqual(descriptors + SPARE_DESCRIPTORS);
      expect(residentBytes(gateway)).toBeLessThanOrEqual(bytes + SPARE_BYTES);
    },
    { timeout: 30_000, interval: 500 },
  );
});

/** Waits until the gateway has closed every connection, which a client that neither reads nor writes cannot see. */
async function runCrowd(gateway: GatewayProcess, kind: Kind, count: number): Promise<void> {
  const before = descriptorsOf(gateway);
  const crowd = fork(join(import.meta.dirname, 'crowd.ts'), [String(gateway.port), kind, String(count)], {
    execArgv: [],
  });
  onTestFinished(() => void crowd.kill('SIGKILL'));
  await once(crowd, 'message');
  expect(await chat(gateway)).toBe(200);
  const isOver = () => expect(descriptorsOf(gateway)).toBeLessThanOrEqual(before + SPARE_DESCRIPTORS);
  await vi.waitFor(isOver, { timeout: 90_000, interval: 200 });
  crowd.kill('SIGKILL');
}

async function chat({ url }: GatewayProcess): Promise<number> {
  const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'short, please' }] });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
  await answer.text();
  return answer.status;
}

/** Larger than a connection's buffers, unless the prompt asks for a short reply. */
function longReplies(): string {
  const path = join(createHome(), 'script.json');
  const steps = Array.from({ length: 300 }, () => 'x'.repeat(65_536));
  writeFileSync(path, JSON.stringify({ replies: [{ when: { text: 'short' }, steps: ['Hello.'] }, { steps }] }));
  return path;
}

function descriptorsOf({ pid }: GatewayProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
