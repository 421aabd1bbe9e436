import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { systemClock } from '../transport/clock.ts';
import {
  every,
  explainAbort,
  KeyedSemaphore,
  pause,
  QueueFullError,
  retryUntil,
  Semaphore,
  SingleFlight,
  untilAborted,
  withinTime,
} from './async.ts';

const never = new AbortController().signal;
const failed = new Error('failed');
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('pause', () => {
  it('sleeps on the clock, and not at all for 0', async () => {
    const clock = createFakeClock();
    await pause(clock, 0, never);
    await pause(clock, 300, never);
    expect(clock.sleeps).toEqual([300]);
  });

  it('rejects as client_closed when the signal aborts, on the real clock too', async () => {
    const leaving = new AbortController();
    const paused = pause(systemClock, 60_000, leaving.signal);
    leaving.abort(new Error('another reason'));
    await expect(paused).rejects.toMatchObject({ code: 'client_closed' });
    await expect(pause(systemClock, 1, leaving.signal)).rejects.toMatchObject({ code: 'client_closed' });
  });

  it("rejects with the caller's own error", async () => {
    await expect(pause(systemClock, 1, AbortSignal.abort(), () => failed)).rejects.toBe(failed);
  });
});

describe('explainAbort', () => {
  it('replaces only rejections after the signal aborted', async () => {
    expect(await explainAbort(Promise.resolve(1), AbortSignal.abort())).toBe(1);
    await expect(explainAbort(Promise.reject(failed), never)).rejects.toBe(failed);
    await expect(explainAbort(Promise.reject(failed), undefined)).rejects.toBe(failed);
    await expect(explainAbort(Promise.reject(failed), AbortSignal.abort())).rejects.toMatchObject({
      code: 'client_closed',
    });
  });
});

describe('untilAborted', () => {
  it('settles as the work does', async () => {
    expect(await untilAborted(Promise.resolve('done'), never)).toBe('done');
    await expect(untilAborted(Promise.reject(failed), never)).rejects.toBe(failed);
  });

  it('ends the wait, not the work, when the signal aborts', async () => {
    const work = Promise.withResolvers<string>();
    const leaving = new AbortController();
    const left = untilAborted(work.promise, leaving.signal);
    const stayed = untilAborted(work.promise, never);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: 'client_closed' });
    work.resolve('done');
    expect(await stayed).toBe('done');
  });

  it('rejects at once on an aborted signal, and leaves no rejection of the work unhandled', async () => {
    const work = Promise.withResolvers<never>();
    await expect(untilAborted(work.promise, AbortSignal.abort(), () => failed)).rejects.toBe(failed);
    const unhandled: unknown[] = [];
    const onUnhandled = (cause: unknown) => unhandled.push(cause);
    process.on('unhandledRejection', onUnhandled);
    work.reject(new Error('too late for anyone'));
    await turn();
    await turn();
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });

  it('leaves no listener behind on a signal that lives on', async () => {
    const leaving = new AbortController();
    let listeners = 0;
    const { signal } = leaving;
    const counting = {
      aborted: false,
      addEventListener: (...args: Parameters<AbortSignal['addEventListener']>) => {
        listeners++;
        signal.addEventListener(...args);
      },
      removeEventListener: (...args: Parameters<AbortSignal['removeEventListener']>) => {
        listeners--;
        signal.removeEventListener(...args);
      },
    } as AbortSignal;
    await untilAborted(Promise.resolve(), counting);
    await untilAborted(Promise.reject(failed), counting).catch(() => {});
    expect(listeners).toBe(0);
  });
});

describe('withinTime', () => {
  it('resolves as the work does while there is time', async () => {
    const clock = createFakeClock();
    expect(await withinTime(clock, 5, Promise.resolve('done'))).toBe('done');
    await expect(withinTime(clock, 5, Promise.reject(failed))).rejects.toBe(failed);
  });

  it('resolves to undefined when the time is up, whatever becomes of the work', async () => {
    const clock = createFakeClock();
    const work = Promise.withResolvers<string>();
    const outcome = withinTime(clock, 5, work.promise);
    clock.advance(4);
    expect(await Promise.race([outcome, turn().then(() => 'waiting')])).toBe('waiting');
    clock.advance(1);
    expect(await outcome).toBeUndefined();
    work.reject(failed);
    await turn();
  });
});

describe('every', () => {
  it('repeats the work until it is cancelled, also from within', () => {
    const clock = createFakeClock();
    let runs = 0;
    const cancel = every(clock, 10, () => {
      runs++;
      if (runs === 3) cancel();
    });
    clock.advance(9);
    expect(runs).toBe(0);
    for (let step = 0; step < 5; step++) clock.advance(10);
    expect(runs).toBe(3);
  });
});

describe('retryUntil', () => {
  const deadline = { maxWaitMs: 100, pauseMs: 30, isPassing: (cause: unknown) => cause === failed };

  it('repeats work that fails for a moment', async () => {
    const clock = createFakeClock();
    let attempts = 0;
    const work = async () => {
      if (++attempts < 3) throw failed;
      return attempts;
    };
    expect(await retryUntil({ ...deadline, clock }, work)).toBe(3);
    expect(clock.sleeps).toEqual([30, 30]);
  });

  it('rejects with the last failure once the time is up', async () => {
    const clock = createFakeClock();
    let attempts = 0;
    const work = () => {
      attempts++;
      throw failed;
    };
    await expect(retryUntil({ ...deadline, clock }, work)).rejects.toBe(failed);
    expect(attempts).toBe(5);
  });

  it('rejects at once with a failure that will not pass', async () => {
    const clock = createFakeClock();
    const other = new Error('other');
    await expect(retryUntil({ ...deadline, clock }, () => Promise.reject(other))).rejects.toBe(other);
    expect(clock.sleeps).toEqual([]);
  });

  it('computes each pause', async () => {
    const clock = createFakeClock();
    let next = 0;
    const pauseMs = () => ++next * 40;
    await expect(retryUntil({ ...deadline, clock, pauseMs }, () => Promise.reject(failed))).rejects.toBe(failed);
    expect(clock.sleeps).toEqual([40, 80]);
  });
});

describe('SingleFlight', () => {
  it('shares one run among callers of the same key, and only while it runs', async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const work = async () => {
      await turn();
      return ++runs;
    };
    expect(flights.find('a')).toBeUndefined();
    const first = flights.run('a', work);
    expect(flights.find('a')).toBe(first);
    expect(await Promise.all([first, flights.run('a', work), flights.run('b', work)])).toEqual([1, 1, 2]);
    expect(flights.find('a')).toBeUndefined();
    expect(await flights.run('a', work)).toBe(3);
  });

  it('gives a failure to all who share it, and runs again afterwards', async () => {
    const flights = new SingleFlight<number>();
    const fail = () => Promise.reject(failed);
    const both = await Promise.allSettled([flights.run('a', fail), flights.run('a', fail)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', async () => 1)).toBe(1);
  });

  it('settles when all runs have ended, however they ended', async () => {
    const flights = new SingleFlight<void>();
    const gate = Promise.withResolvers<void>();
    flights.run('a', () => gate.promise).catch(() => {});
    flights.run('b', () => Promise.reject(failed)).catch(() => {});
    const settled = flights.settled().then(() => 'settled');
    expect(await Promise.race([settled, turn().then(() => 'waiting')])).toBe('waiting');
    gate.resolve();
    expect(await settled).toBe('settled');
  });
});

describe('Semaphore', () => {
  it('rejects when its queue is full, and lets go of a caller whose signal aborts', async () => {
    const semaphore = new Semaphore(1, 1);
    const gate = Promise.withResolvers<void>();
    const leaving = new AbortController();
    const inside = semaphore.run(() => gate.promise);
    const waiting = semaphore.run(async () => 'never', leaving.signal);
    await expect(semaphore.run(async () => 'never')).rejects.toBeInstanceOf(QueueFullError);
    leaving.abort();
    await expect(waiting).rejects.toBeInstanceOf(QueueFullError);
    const next = semaphore.run(async () => 'in');
    gate.resolve();
    await inside;
    expect(await next).toBe('in');
    expect(semaphore.isIdle).toBe(true);
    // The signal bounds the wait alone: a free slot is taken in spite of it.
    expect(await semaphore.run(async () => 'in again', leaving.signal)).toBe('in again');
  });

  it('runs a limited number at a time, in order, also after a failure', async () => {
    const semaphore = new Semaphore(2);
    const open: (() => void)[] = [];
    const entered: number[] = [];
    const passes = [0, 1, 2, 3].map((number) =>
      semaphore.run(async () => {
        entered.push(number);
        await new Promise<void>((leave) => open.push(leave));
        if (number === 0) throw failed;
        return number;
      }),
    );
    const results = Promise.allSettled(passes);
    await Promise.resolve();
    expect(entered).toEqual([0, 1]);
    expect(semaphore.isIdle).toBe(false);
    for (let next = 0; next < 4; next += 1) {
      open[next]?.();
      await turn();
    }
    expect(entered).toEqual([0, 1, 2, 3]);
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(semaphore.isIdle).toBe(true);
  });
});

describe('KeyedSemaphore', () => {
  it('limits each key by itself', async () => {
    const semaphores = new KeyedSemaphore(1, 0);
    const gate = Promise.withResolvers<void>();
    const inside = semaphores.run('a', () => gate.promise);
    await expect(semaphores.run('a', async () => 'never')).rejects.toBeInstanceOf(QueueFullError);
    expect(await semaphores.run('b', async () => 'in')).toBe('in');
    gate.resolve();
    await inside;
    expect(await semaphores.run('a', async () => 'in')).toBe('in');
  });

  it('never runs two of one key at once, however the ends and beginnings fall', async () => {
    const semaphores = new KeyedSemaphore(1);
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    };
    const chain = async () => {
      for (let round = 0; round < 50; round++) await semaphores.run('a', work);
    };
    await Promise.all([chain(), chain(), chain()]);
    expect(most).toBe(1);
  });
});
