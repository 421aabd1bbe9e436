/** Capsules of a whole gateway: which requests have one, and how the command and the admin API give it. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Capsule, capsuleSchema } from '../src/capsules/format.ts';
import type { Script } from '../src/simulator/script.ts';
import { ADMIN_TOKEN, startAdminGateway } from './support/admin.ts';
import { createHome, runCommand } from './support/command.ts';
import { environmentFor } from './support/simulator.ts';

const REFUSES: Script['replies'] = [
  {
    when: { text: 'refuse' },
    refuse: { status: 400, name: 'ValidationException', message: 'Improperly formed request.' },
  },
];

async function start(env: Record<string, string> = {}) {
  const gateway = await startAdminGateway({
    simulator: { script: { replies: REFUSES } },
    env: { ...accountOf(), ...env },
  });
  const chat = async (text: string, stream = false) => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-secret-header': 'kumquat' },
      body: JSON.stringify({ model: 'claude-sonnet-4.5', stream, messages: [{ role: 'user', content: text }] }),
    });
    await response.text();
    return response.headers.get('x-request-id') ?? '';
  };
  return { ...gateway, chat };
}

/** The simulator's first account. */
function accountOf(): Record<string, string> {
  const {
    DRAGOMAN_REFRESH_TOKEN = '',
    DRAGOMAN_CLIENT_ID = '',
    DRAGOMAN_CLIENT_SECRET = '',
  } = environmentFor('http://x');
  return { DRAGOMAN_REFRESH_TOKEN, DRAGOMAN_CLIENT_ID, DRAGOMAN_CLIENT_SECRET };
}

const read = (text: string): Capsule => capsuleSchema().parse(JSON.parse(text));

describe('GET /v2/requests/{id}/capsule', () => {
  it('has both requests, the refusal and the reply of a request that failed, without its text', async () => {
    const { ask, chat } = await start();
    const id = await chat('refuse my rutabaga');
    const { status, text, headers } = await ask('GET', `/v2/requests/${id}/capsule`);
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="capsule-${id}.json"`);
    expect(text).not.toMatch(/rutabaga|kumquat/);
    const { request, upstream, reply, code } = read(text);
    expect(JSON.parse(request.body ?? '').messages[0].content).toBe('xxxxxx xx xxxxxxxx');
    expect(upstream[0]?.request.body).toContain('xxxxxx xx xxxxxxxx');
    expect(upstream[0]?.answer).toMatchObject({
      status: 400,
      body: expect.stringContaining('Improperly formed request.'),
    });
    expect([reply.status, code]).toEqual([400, 'upstream_refused']);
  });

  it('has the text on request', async () => {
    const { ask, chat } = await start();
    const { text } = await ask('GET', `/v2/requests/${await chat('refuse my rutabaga')}/capsule?text=true`);
    expect(read(text).request.body).toContain('rutabaga');
    expect(text).not.toContain(ADMIN_TOKEN);
  });

  it('has the frames of a reply with their times, of every request if all are captured', async () => {
    const { ask, chat } = await start({ DRAGOMAN_CAPSULES: 'all' });
    const { text } = await ask('GET', `/v2/requests/${await chat('hello', true)}/capsule`);
    const { upstream, reply, route } = read(text);
    const [exchange] = upstream;
    expect(exchange?.answer?.frames.map(({ headers }) => headers[':event-type'])).toContain('assistantResponseEvent');
    expect(exchange?.answer).toMatchObject({ end: 'complete', rest: { kind: 'none', bytes: 0 } });
    expect(reply.body).toContain('data: [DONE]');
    expect(route?.account).toBe(exchange?.account);
  });

  it('says why there is none', async () => {
    const { ask, chat } = await start();
    const why = async (id: string) => (await ask('GET', `/v2/requests/${id}/capsule`)).body.error.message;
    const succeeded = await chat('hello');
    await expect.poll(async () => (await ask('GET', `/v2/requests/${succeeded}`)).status).toBe(200);
    expect(await why(succeeded)).toMatch(/because it succeeded.*DRAGOMAN_CAPSULES=all/);
    expect(await why('req_of_another_time')).toMatch(
      /kept in memory for 60 minutes: of the latest 200 failed requests, 64 MiB/,
    );
    const off = await start({ DRAGOMAN_CAPSULES: 'off' });
    const { status, body } = await off.ask('GET', `/v2/requests/${await off.chat('refuse')}/capsule`);
    expect([status, body.error.message]).toEqual([404, expect.stringContaining('DRAGOMAN_CAPSULES=failures')]);
  });
});

describe('dragoman capsule', () => {
  it('writes the capsule of the running gateway to a file that only its owner can read', async () => {
    const { url, chat } = await start();
    const id = await chat('refuse my rutabaga');
    const file = join(createHome(), 'capsule.json');
    const env = { DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN, DRAGOMAN_DATABASE_URL: 'sqlite::memory:' };
    const { code, out, err } = await runCommand(['capsule', id, '--url', url, '--output', file], env);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`Wrote ${file}.`);
    // In backquotes, so that a checkout shows `./dragoman`.
    expect(out).toContain(`\`dragoman replay ${file}\``);
    expect(read(readFileSync(file, 'utf8')).requestId).toBe(id);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('passes on why there is none, and who did not answer', async () => {
    const { url } = await start();
    const env = { DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN, DRAGOMAN_DATABASE_URL: 'sqlite::memory:' };
    const missing = await runCommand(['capsule', 'req_unknown', '--url', url], env);
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringContaining('There is no capture of request req_unknown'),
    ]);
    const unreached = await runCommand(['capsule', 'req_unknown', '--url', 'http://127.0.0.1:1'], env);
    expect([unreached.code, unreached.err]).toEqual([
      1,
      expect.stringContaining('No gateway responds at http://127.0.0.1:1'),
    ]);
  });
});
