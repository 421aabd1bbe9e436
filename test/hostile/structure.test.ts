/** Bodies that are small in bytes and large in what must be read of them. */
import { expect, it } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const MIB = 1024 ** 2;

/** `1,1,1`, in as many bytes. */
function ones(bytes: number): string {
  return '1'.padEnd(bytes - 1, ',1');
}

/** `"k0":0,"k1":0` */
function keys(count: number): string {
  return Array.from({ length: count }, (_, i) => `"k${i}":0`).join(',');
}

const LISTS: readonly (readonly [path: string, field: string])[] = [
  ['/v1/chat/completions', 'messages'],
  ['/v1/chat/completions', 'tools'],
  ['/v1/chat/completions', 'stop'],
  ['/v1/messages', 'messages'],
  ['/v1/messages', 'system'],
  ['/v1/messages', 'tools'],
  ['/v1/messages', 'stop_sequences'],
  ['/v1/responses', 'input'],
  ['/v1/responses', 'tools'],
  ['/v1/responses', 'include'],
];

it('lists of ones of 4 MiB in each field', async (context) => {
  const gateway = await startGatewayProcess();
  const bodies = LISTS.map(([path, field]) => ({
    path,
    body: Buffer.from(`{"model":"claude-sonnet-4.5","max_tokens":9,"${field}":[${ones(4 * MIB)}]}`),
  }));
  await measureInput(context, gateway, async () => {
    for (const { path, body } of bodies) expect(await post(gateway, path, body)).toMatchObject({ status: 400 });
  });
});

it.for([
  ['20 MiB of messages that are ones', `{"model":"m","messages":[${ones(20 * MIB)}]}`],
  ['20 MB of nested lists', `{"messages":${'['.repeat(10_000_000)}${']'.repeat(10_000_000)}}`],
  ['64 MiB of nested lists', '['.repeat(64 * MIB)],
  ['64 MiB of nested objects', '{"a":'.repeat(12 * MIB)],
  ['a million keys', `{"metadata":{${keys(1_000_000)}}}`],
  [
    'a million keys in 25 objects',
    `{"metadata":{${Array.from({ length: 25 }, (_, i) => `"${i}":{${keys(40_000)}}`)}}}`,
  ],
  ['60 MB of blanks', `[${' '.repeat(60_000_000)}]`],
  ['a string of 60 MB of quotes', `{"messages":"${'\\"'.repeat(30_000_000)}"}`],
])('%s', async ([, json = ''], context) => {
  const gateway = await startGatewayProcess();
  const body = Buffer.from(json);
  await measureInput(context, gateway, async () => {
    expect(await post(gateway, '/v1/chat/completions', body)).toMatchObject({ status: 400 });
  });
});
