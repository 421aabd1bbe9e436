/** Bodies that are small until they are decompressed. */
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const LENGTH = 64 * 1024 ** 2 - 200;
/** Without a bound on their sum, 24 such bodies took 2.1 GB. */
const MAX_GROWTH_BYTES = 1.2e9;

it('24 gzip bodies of 64 kB that become 64 MiB each', async (context) => {
  const gateway = await startGatewayProcess();
  const body = gzipSync(`{"model":"m","messages":[{"role":"user","content":"${'x'.repeat(LENGTH)}"}]}`);
  const send = () => post(gateway, '/v1/chat/completions', body, { 'content-encoding': 'gzip' });
  const { beforeBytes, peakBytes } = await measureInput(context, gateway, async () => {
    const replies = await Promise.all(Array.from({ length: 24 }, send));
    // 400 is the service's refusal of a prompt as long as that.
    for (const { status } of replies) expect([400, 503]).toContain(status);
    expect(replies.map(({ status }) => status)).toContain(503);
  });
  expect(peakBytes - beforeBytes).toBeLessThan(MAX_GROWTH_BYTES);
  expect(await post(gateway, '/v1/chat/completions', '{"model":"m"}')).toMatchObject({ status: 400 });
});
