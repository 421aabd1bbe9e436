/** Bodies that are small until they are decompressed. */
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it, vi } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const LENGTH = 64 * 1024 ** 2 - 200;
/** Without a limit on their sum, 24 such bodies took 2.1 GB; one at a time and within it, 0.9 GB. */
const MAX_GROWTH_BYTES = 1.2e9;
/**
 * A single string of 64 MiB, 16 times what the largest model reads: V8 allocates and fills it at once, which takes 35 to 50 ms
 * of processor time, however it was read (measured: joined slices, `latin1Slice`, `utf8Slice`).
 */
const TURN_LIMIT_MS = 150;
/** The most that JavaScript may still use afterwards: less than half of one body. */
const MAX_KEPT_BYTES = 24 * 1024 ** 2;

it.skipIf(!existsSync('/proc/self/status'))(
  '24 gzip bodies of 64 kB that become 64 MiB each (needs /proc)',
  async (context) => {
    const gateway = await startGatewayProcess();
    const body = gzipSync(`{"model":"m","messages":[{"role":"user","content":"${'x'.repeat(LENGTH)}"}]}`);
    const send = () => post(gateway, '/v1/chat/completions', body, { 'content-encoding': 'gzip' });
    const usedBefore = await gateway.usedBytes();
    const sendAll = async () => {
      const replies = await Promise.all(Array.from({ length: 24 }, send));
      // 400 is the service's refusal of a prompt this long; 503 that of a body for which there is no room.
      for (const { status } of replies) expect([400, 503]).toContain(status);
    };
    const { beforeBytes, peakBytes } = await measureInput(context, gateway, sendAll, TURN_LIMIT_MS);
    expect(peakBytes - beforeBytes).toBeLessThan(MAX_GROWTH_BYTES);
    await vi.waitFor(async () => expect(await gateway.usedBytes()).toBeLessThan(usedBefore + MAX_KEPT_BYTES), {
      timeout: 60_000,
      interval: 500,
    });
    expect(await post(gateway, '/v1/chat/completions', '{"model":"m"}')).toMatchObject({ status: 400 });
  },
);
