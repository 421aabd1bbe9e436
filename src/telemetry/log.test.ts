import { describe, expect, it } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import { createLog, type LogOptions } from './log.ts';

const OPTIONS: LogOptions = {
  level: 'info',
  format: 'json',
  secrets: [],
  colour: false,
  isTerminal: false,
  write() {},
};

async function logged(use: (log: ReturnType<typeof createLog>) => void, options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  use(createLog({ ...OPTIONS, write, ...options }));
  return lines;
}

describe('the log', () => {
  it('writes one JSON line with a time, a level and the fields', async () => {
    const [line = ''] = await logged((log) =>
      log.info({ requestId: 'req_1', usage: { inputTokens: '12 measured' } }, 'done'),
    );
    expect(JSON.parse(line)).toMatchObject({
      level: 30,
      msg: 'done',
      requestId: 'req_1',
      usage: { inputTokens: '12 measured' },
    });
    expect(JSON.parse(line).time).toMatch(/^\d{4}-/);
  });

  it('names the process in every line if several serve together', async () => {
    const [line = ''] = await logged((log) => log.info({ requestId: 'req_1' }, 'x'), { worker: 2 });
    expect(line).toMatch(/^\{"level":30,"time":"[^"]+","worker":2,"requestId":"req_1","msg":"x"\}\n$/);
  });

  it('writes nothing below its level', async () => {
    expect(await logged((log) => log.info({}, 'x'), { level: 'warn' })).toEqual([]);
  });

  it('describes a later line with the time of its request, and redacts it', async () => {
    let nowMs = Date.UTC(2026, 10, 29, 12);
    const secret = 'canary-later-5d1e7b';
    const [line = ''] = await logged(
      (log) => {
        log.infoLater?.(() => {
          nowMs += 60_000;
          return { fields: { note: secret }, message: 'done' };
        });
      },
      { now: () => nowMs, secrets: [secret] },
    );
    expect(JSON.parse(line)).toEqual({ level: 30, time: '2026-11-29T12:00:00.000Z', note: '••••', msg: 'done' });
  });

  it('does not describe a later line below its level', async () => {
    let described = 0;
    const describe = () => ({ fields: { described: ++described }, message: 'x' });
    expect(await logged((log) => log.infoLater?.(describe), { level: 'warn' })).toEqual([]);
    expect(described).toBe(0);
  });

  it('writes a line for one that cannot be described', async () => {
    const [line = ''] = await logged((log) =>
      log.infoLater?.(() => {
        throw new Error('broken');
      }),
    );
    expect(JSON.parse(line)).toMatchObject({ level: 50, err: { message: 'broken' } });
  });

  it('has a debug method only while that level is on', async () => {
    const log = createLog({ ...OPTIONS, level: 'info' });
    expect(log.debug).toBeUndefined();
    log.reconfigure({ level: 'debug', secrets: [] });
    expect(log.debug).toBeDefined();
    log.reconfigure({ level: 'silent', secrets: [] });
    expect(log.debug).toBeUndefined();
  });

  it('is readable on a terminal', async () => {
    const [line = ''] = await logged((log) => log.warn({ status: 429 }, 'slow down'), {
      format: 'auto',
      isTerminal: true,
    });
    expect(line).toMatch(/^\d\d:\d\d:\d\d WARN slow down status=429\n$/);
  });

  const canary = 'canary-5d1e7b2a90';
  it.each<[string, (log: { error(fields: object, message: string): void }) => void]>([
    [
      'a field named like a secret, at any depth',
      (log) => log.error({ a: { b: [{ refreshToken: canary, clientSecret: canary }] } }, 'x'),
    ],
    [
      'a header',
      (log) => log.error({ headers: { authorization: `Bearer ${canary}`, 'x-api-key': canary, cookie: canary } }, 'x'),
    ],
    ['a bearer token in a text', (log) => log.error({ note: `sent Bearer ${canary}` }, `Bearer ${canary} was refused`)],
    ['a token of the service', (log) => log.error({ note: `aoaAAAAAG${canary}` }, 'x')],
    ['an API key of the service', (log) => log.error({ note: `key ksk_${canary}` }, 'x')],
    ['a JWT', (log) => log.error({ note: `eyJhbGciOi.eyJzdWIi${canary}.${canary}` }, 'x')],
    ['a password in a proxy address', (log) => log.error({ proxy: `http://user:${canary}@proxy:3128` }, 'x')],
    ['a password with an @ in it', (log) => log.error({ proxy: `http://user:p@${canary}@proxy:3128` }, 'x')],
    ['a password in a query', (log) => log.error({ database: `/dragoman?user=me&password=${canary}` }, 'x')],
    [
      'a token in a quoted body',
      (log) => log.error({ body: `{"refreshToken":"${canary}"}` }, `refresh_token=${canary}&x=1`),
    ],
    [
      'an error, its cause and its fields',
      (log) => {
        const cause = Object.assign(new Error(`accessToken: "${canary}"`), { accessToken: canary });
        log.error({ err: new GatewayError('internal', `Bearer ${canary}`, { cause }) }, 'x');
      },
    ],
  ])('never shows %s', async (_, use) => {
    const lines = await logged(use);
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain(canary);
  });

  it('never shows a configured secret, in any field or text', async () => {
    const lines = await logged((log) => log.info({ note: `x${canary}y` }, canary), { secrets: [canary] });
    expect(lines.join()).not.toContain(canary);
  });

  it('covers a configured secret whole, also if another one is a part of it', async () => {
    const lines = await logged((log) => log.info({}, `${canary}-and-more`), {
      secrets: [canary, `${canary}-and-more`],
    });
    expect(lines.join()).not.toContain('and-more');
  });

  it('redacts a secret that becomes known later, also in a text that was logged before', () => {
    const lines: string[] = [];
    const log = createLog({ ...OPTIONS, write: (line) => void lines.push(line) });
    log.info({ note: canary }, 'x');
    log.reconfigure({ level: 'info', secrets: [canary] });
    log.info({ note: canary }, 'x');
    expect(lines.map((line) => line.includes(canary))).toEqual([true, false]);
  });

  it('bounds the length of a line', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const [line = ''] = await logged((log) =>
      log.info({ cyclic, long: 'x'.repeat(1e6), many: Array(1e5).fill(1) }, 'x'),
    );
    expect(line.length).toBeLessThan(10_000);
  });
});
