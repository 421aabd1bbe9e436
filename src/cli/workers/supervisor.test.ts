import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { loadSettings } from '../../config.ts';
import { SILENT } from '../../core/log.ts';
import type { FromWorker, ServingFacts, ToWorker } from './messages.ts';
import { Supervisor, type WorkerEvents } from './supervisor.ts';

const PORT = 4_711;
const FACTS: ServingFacts = {
  server: { url: `http://127.0.0.1:${PORT}`, port: PORT, adminUrl: `http://127.0.0.1:${PORT}` },
  accounts: { ready: 1, total: 1 },
  keys: 0,
  isLocalMode: true,
  newAdminToken: undefined,
  ticket: undefined,
};

/** A process that does only what a test says. */
interface FakeWorker extends WorkerEvents {
  readonly sent: ToWorker[];
  isKilled: boolean;
  /** Loads, starts and serves. */
  serve(port?: number): void;
}

function supervise(count: number) {
  const { settings, origins } = loadSettings({ DRAGOMAN_PORT: '0', DRAGOMAN_WORKERS: String(count) });
  const workers: FakeWorker[] = [];
  const clock = createFakeClock();
  const fork = (events: WorkerEvents) => {
    const worker: FakeWorker = {
      ...events,
      sent: [],
      isKilled: false,
      serve(port = PORT) {
        const server = { ...FACTS.server, port };
        for (const message of [{ type: 'loaded' }, { type: 'serving', serving: { ...FACTS, server } }] as FromWorker[])
          events.received(message);
      },
    };
    workers.push(worker);
    return {
      pid: workers.length,
      send: (message: ToWorker) => void worker.sent.push(message),
      kill() {
        worker.isKilled = true;
        events.ended({ exitCode: null, signal: 'SIGKILL' });
      },
    };
  };
  const supervisor = new Supervisor({ count, fork, settings, origins, program: 'dragoman', clock, log: SILENT });
  /** The newest process, once the one that ended was replaced. */
  const replacement = async () => {
    const before = workers.length;
    await expect.poll(() => workers.length, { interval: 1 }).toBe(before + 1);
    return at(workers.length - 1);
  };
  const at = (index: number): FakeWorker => {
    const worker = workers[index];
    if (!worker) throw new Error(`No process ${index} was started.`);
    return worker;
  };
  return { supervisor, settings, clock, at, replacement };
}

async function supervising(count: number) {
  const all = supervise(count);
  const started = all.supervisor.start();
  for (let index = 0; index < count; index++) all.at(index).serve();
  await started;
  return all;
}

const KILLED = { exitCode: null, signal: 'SIGKILL' } as const;
const startOf = ({ sent }: FakeWorker) => sent.find((message) => message.type === 'start');

describe('the supervisor', () => {
  it('lets one worker serve before it starts the others', async () => {
    const { supervisor, at } = supervise(3);
    const started = supervisor.start();
    for (const index of [1, 0, 2]) at(index).received({ type: 'loaded' });
    expect([0, 1, 2].map((index) => at(index).sent.length)).toEqual([0, 1, 0]);
    at(1).received({ type: 'serving', serving: FACTS });
    expect([0, 1, 2].map((index) => startOf(at(index))?.number)).toEqual([1, 2, 3]);
    for (const index of [0, 2]) at(index).received({ type: 'serving', serving: FACTS });
    expect(await started).toEqual(FACTS);
  });

  it('fails with the error of a worker that cannot start, and ends the others', async () => {
    const { supervisor, at } = supervise(2);
    const started = supervisor.start();
    at(0).received({ type: 'loaded' });
    at(0).received({ type: 'failed', error: { code: 'storage_unavailable', message: 'No database.' } });
    at(0).ended({ exitCode: 1, signal: null });
    await expect(started).rejects.toMatchObject({ code: 'storage_unavailable', message: 'No database.' });
    expect(at(1).isKilled).toBe(true);
  });

  it('names the signal if a worker is killed while it starts', async () => {
    const { supervisor, at } = supervise(2);
    const started = supervisor.start();
    at(1).ended(KILLED);
    await expect(started).rejects.toThrow('A worker ended while it was starting (SIGKILL).');
  });

  it('replaces a worker that ends, after a delay that grows to 30 seconds', async () => {
    const { clock, at, replacement } = await supervising(2);
    let broken = at(0);
    for (let time = 0; time < 9; time++) {
      broken.ended(KILLED);
      broken = await replacement();
      broken.serve();
    }
    expect(clock.sleeps).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(startOf(broken)?.number).toBe(1);
  });

  it('replaces a worker quickly again after it has served for a minute', async () => {
    const { clock, at, replacement } = await supervising(2);
    at(0).ended(KILLED);
    const second = await replacement();
    second.serve();
    clock.advance(60_000);
    second.ended(KILLED);
    await replacement();
    expect(clock.sleeps).toEqual([250, 250]);
  });

  it('gives up when no worker serves and each has failed to start five times', async () => {
    const { supervisor, at, replacement } = await supervising(2);
    const failed = expect(supervisor.failed).rejects.toThrow('No worker can start.');
    let [one, other] = [at(0), at(1)];
    one.ended(KILLED);
    one = await replacement();
    other.ended(KILLED);
    other = await replacement();
    for (let time = 0; time < 5; time++) {
      one.ended({ exitCode: 1, signal: null });
      one = await replacement();
    }
    for (let time = 0; time < 4; time++) {
      other.ended({ exitCode: 1, signal: null });
      other = await replacement();
    }
    one.ended({ exitCode: 1, signal: null });
    other.ended({ exitCode: 1, signal: null });
    await failed;
  });

  it('keeps the announced port when every worker has ended, and replaces one that listens on another', async () => {
    const { at, replacement } = await supervising(2);
    at(0).ended(KILLED);
    const first = await replacement();
    first.received({ type: 'loaded' });
    // The other still holds the socket of port 0.
    expect(startOf(first)?.settings.port).toBe(0);
    at(1).ended(KILLED);
    const second = await replacement();
    first.serve(9_999);
    expect(first.isKilled).toBe(true);
    second.received({ type: 'loaded' });
    expect(startOf(second)?.settings.port).toBe(PORT);
  });

  it('applies new settings in every worker and in later ones', async () => {
    const { supervisor, settings, at, replacement } = await supervising(2);
    const changed = { ...settings, apiKeys: ['new'], strategy: 'random', adminToken: undefined } as const;
    const done = supervisor.reconfigure(changed);
    for (const index of [0, 1]) {
      expect(at(index).sent.at(-1)).toEqual({ type: 'reload', settings: changed });
      at(index).received({ type: 'reloaded', problem: undefined });
    }
    await done;
    at(0).ended(KILLED);
    const later = await replacement();
    later.received({ type: 'loaded' });
    expect(startOf(later)?.settings).toEqual({ ...settings, apiKeys: ['new'] });
  });

  it('reports a worker that could not apply new settings, and does not wait for one that ended', async () => {
    const { supervisor, settings, at } = await supervising(2);
    const done = supervisor.reconfigure(settings);
    at(0).ended(KILLED);
    at(1).received({ type: 'reloaded', problem: 'The database is locked.' });
    await expect(done).rejects.toThrow('The database is locked.');
  });

  it('stops every worker, and says whether all closed in time', async () => {
    const clean = await supervising(2);
    const stopped = clean.supervisor.stop();
    for (const index of [0, 1]) {
      expect(clean.at(index).sent.at(-1)).toEqual({ type: 'stop' });
      clean.at(index).ended({ exitCode: 0, signal: null });
    }
    expect(await stopped).toBe(true);
    const late = await supervising(2);
    const ending = late.supervisor.stop();
    late.at(0).ended({ exitCode: 1, signal: null });
    late.at(1).ended({ exitCode: 0, signal: null });
    expect(await ending).toBe(false);
  });
});
