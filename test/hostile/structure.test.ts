/** Bodies that are small in bytes but large in structure. */
import { expect, it } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const MIB = 1024 ** 2;

/** `1,1,1`, of this many bytes. */
function ones(bytes: number): string {
  return '1'.padEnd(bytes - 1, ',1');
}

/** `"k0":0,"k1":0` */
function keys(count: number): string {
  return Array.from({ length: count }, (_, i) => `"k${i}":0`).join(',');
}

/**
 * For bodies that no client sends: 30,000 unreadable entries in a list, each with a note, or tens of megabytes of JSON
 * without a long string to cut out. Parts of that work are not done in steps yet.
 */
const ODD_TURN_LIMIT_MS = 150;

/** `$` is replaced by the entries of the list. */
const LISTS: readonly (readonly [path: string, fields: string])[] = [
  ['/v1/chat/completions', '"messages":[$]'],
  ['/v1/chat/completions', '"messages":[{"role":"user","content":[$]}]'],
  ['/v1/chat/completions', '"messages":[{"role":"assistant","tool_calls":[$]}]'],
  ['/v1/chat/completions', '"tools":[$]'],
  ['/v1/chat/completions', '"functions":[$]'],
  ['/v1/chat/completions', '"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[$]}}'],
  ['/v1/chat/completions', '"stop":[$]'],
  ['/v1/completions', '"prompt":[$]'],
  ['/v1/messages', '"messages":[$]'],
  ['/v1/messages', '"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[$]}]}]'],
  ['/v1/messages', '"system":[$]'],
  ['/v1/messages', '"tools":[$]'],
  ['/v1/messages', '"stop_sequences":[$]'],
  ['/v1/responses', '"input":[$]'],
  ['/v1/responses', '"input":[{"role":"user","content":[$]}]'],
  ['/v1/responses', '"tools":[$]'],
  ['/v1/responses', '"tool_choice":{"type":"allowed_tools","tools":[$]}'],
  ['/v1/responses', '"include":[$]'],
];

function bodiesWith(entries: string) {
  return LISTS.map(([path, fields]) => ({
    path,
    body: Buffer.from(`{"model":"claude-sonnet-4.5","max_tokens":9,${fields.replace('$', entries)}}`),
  }));
}

it('lists of ones of 20 MiB in each field', async (context) => {
  const gateway = await startGatewayProcess();
  const bodies = bodiesWith(ones(20 * MIB));
  await measureInput(context, gateway, async () => {
    for (const { path, body } of bodies) expect(await post(gateway, path, body)).toMatchObject({ status: 400 });
  });
});

it.for([
  ['ones', '1'],
  ['objects', '{"type":"x"}'],
])('lists of %s as long as they may be in each field', async ([, entry = ''], context) => {
  const gateway = await startGatewayProcess();
  const bodies = bodiesWith(Array.from({ length: 30_000 }, () => entry).join(','));
  await measureInput(
    context,
    gateway,
    async () => {
      for (const { path, body } of bodies) expect([200, 400]).toContain((await post(gateway, path, body)).status);
    },
    ODD_TURN_LIMIT_MS,
  );
});

it('the arguments of a call, as text of 20 MiB that holds a list of ones', async (context) => {
  const gateway = await startGatewayProcess();
  const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: `{"a":[${ones(20 * MIB)}]}` } }];
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', tool_calls: calls },
    { role: 'tool', tool_call_id: 'a', content: 'y' },
  ];
  const body = Buffer.from(JSON.stringify({ model: 'claude-sonnet-4.5', messages }));
  await measureInput(context, gateway, async () => {
    expect([200, 400]).toContain((await post(gateway, '/v1/chat/completions', body)).status);
  });
});

it('thousands of calls and results with the same id', async (context) => {
  const gateway = await startGatewayProcess();
  const calls = Array.from({ length: 6_000 }, () => ({ type: 'tool_use', id: 'call_0', name: 'f', input: {} }));
  const results = calls.map(() => ({ type: 'tool_result', tool_use_id: 'call_0', content: 'y' }));
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: calls },
    { role: 'user', content: results },
  ];
  const body = Buffer.from(JSON.stringify({ model: 'claude-sonnet-4.5', max_tokens: 9, messages }));
  await measureInput(
    context,
    gateway,
    async () => {
      expect([200, 400]).toContain((await post(gateway, '/v1/messages', body)).status);
    },
    ODD_TURN_LIMIT_MS,
  );
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
  await measureInput(
    context,
    gateway,
    async () => {
      expect(await post(gateway, '/v1/chat/completions', body)).toMatchObject({ status: 400 });
    },
    ODD_TURN_LIMIT_MS,
  );
});
