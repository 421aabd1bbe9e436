/**
 * The load generator: a separate process that runs one job at a time for run.ts and exits with it.
 * It sends the next request right after reading a reply, so that the subject is what is measured.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadConnection } from './connection.ts';
import type { LoadJob, LoadMessage } from './job.ts';
import { LoadRecord } from './record.ts';
import { requestText, withVariant } from './requests.ts';

/** The number of streams that may be waiting for their first text while streams are being opened. */
const OPENING_AT_ONCE = 128;
const OPENING_LIMIT_MS = 120_000;
const STALL_LIMIT_MS = 10_000;
const STALL_STEP_MS = 100;
/** A job is aborted after this many failures: the subject is broken, not slow. */
const MAX_FAILURES = 200;

async function run(job: LoadJob): Promise<void> {
  const record = new LoadRecord(job, (replies) => tell({ type: 'progress', replies }));
  const connections: LoadConnection[] = [];
  const open = () => {
    const connection = new LoadConnection(job.target);
    connections.push(connection);
    return { connection, request: requestOf(job, connections.length) };
  };
  try {
    switch (job.mode.type) {
      case 'closed':
        await closedLoop(job, job.mode.connections, record, open);
        break;
      case 'open':
        await openLoop(job, job.mode.connections, job.mode.ratePerS, record, open);
        break;
      case 'streams':
        await pacedStreams(job, job.mode.streams, record, open);
        break;
    }
    // Sent while everything is still open, because run.ts now reads the subject's memory.
    tell({ type: 'end', result: record.result() });
  } finally {
    for (const connection of connections) connection.destroy();
  }
}

type Open = () => { connection: LoadConnection; request: Buffer };

function requestOf(job: LoadJob, number: number): Buffer {
  return Buffer.from(withVariant(requestText(job.target, job.wanted), number));
}

async function closedLoop(job: LoadJob, count: number, record: LoadRecord, open: Open): Promise<void> {
  const stop = new AbortController();
  let failures = 0;
  const start = () => {
    const { connection, request } = open();
    const ask = () => {
      if (stop.signal.aborted) return;
      const askedMs = performance.now();
      const watcher = {
        firstText: () => record.firstText(askedMs),
        end: (body: Buffer | undefined) => {
          if (record.reply(body)) stop.abort();
          ask();
        },
        failed: (problem: string) => {
          record.failed(problem);
          if (++failures >= MAX_FAILURES) stop.abort();
          else if (!stop.signal.aborted) start();
        },
      };
      connection.ask(request, watcher, record.nextIsSampled());
    };
    ask();
  };
  for (let index = 0; index < count; index++) start();
  await measure(job, record, stop);
}

async function openLoop(job: LoadJob, count: number, ratePerS: number, record: LoadRecord, open: Open): Promise<void> {
  const stop = new AbortController();
  const idle = Array.from({ length: count }, open);
  const dueMs: number[] = [];
  let failures = 0;
  const askNext = () => {
    while (dueMs.length > 0 && idle.length > 0) {
      const free = idle.pop();
      const wasDueMs = dueMs.shift();
      if (!free || wasDueMs === undefined) return;
      const watcher = {
        firstText: () => record.firstText(wasDueMs),
        end: (body: Buffer | undefined) => {
          if (record.reply(body)) stop.abort();
          idle.push(free);
          askNext();
        },
        failed: (problem: string) => {
          record.failed(problem);
          if (++failures >= MAX_FAILURES) stop.abort();
          else if (!stop.signal.aborted) idle.push(open());
        },
      };
      free.connection.ask(free.request, watcher, record.nextIsSampled());
    }
  };
  const startMs = performance.now();
  let arrived = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    // A request is due when the timer fires, so that the timer's resolution does not count as delay.
    for (; startMs + (arrived * 1000) / ratePerS <= nowMs; arrived++) dueMs.push(nowMs);
    askNext();
  }, 1);
  try {
    await measure(job, record, stop);
  } finally {
    clearInterval(timer);
  }
}

async function pacedStreams(job: LoadJob, count: number, record: LoadRecord, open: Open): Promise<void> {
  const stop = new AbortController();
  const opened = Promise.withResolvers<void>();
  let begun = 0;
  let started = 0;
  const startNext = () => {
    if (started >= count || stop.signal.aborted) return;
    started++;
    const { connection, request } = open();
    let sequence = 0;
    const watcher = {
      firstText: () => {
        if (++begun === count) opened.resolve();
        startNext();
      },
      bytes: (chunk: Buffer) => {
        sequence = record.pacedBytes(chunk, sequence);
      },
      end: () => record.failed('a stream ended too early'),
      failed: (problem: string) => {
        record.failed(problem);
        opened.reject(new Error(problem));
        stop.abort();
      },
    };
    connection.ask(request, watcher, false);
  };
  const limit = setTimeout(() => opened.reject(new Error(`only ${begun} of ${count} streams began`)), OPENING_LIMIT_MS);
  for (let index = 0; index < OPENING_AT_ONCE; index++) startNext();
  try {
    await opened.promise;
  } catch (cause) {
    record.failed(cause instanceof Error ? cause.message : String(cause));
    record.stop();
    return;
  } finally {
    clearTimeout(limit);
  }
  tell({ type: 'opened' });
  await measure(job, record, stop);
}

/** Warms up, then keeps the window open for the job's time or until `stop`. */
async function measure(job: LoadJob, record: LoadRecord, stop: AbortController): Promise<void> {
  const wait = (ms: number) => sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  await wait(job.warmUpMs);
  record.begin();
  tell({ type: 'begin' });
  await wait(job.durationMs);
  // A machine that is shared may stop for longer than a short window.
  for (let waited = 0; record.isEmpty && waited < STALL_LIMIT_MS && !stop.signal.aborted; waited += STALL_STEP_MS)
    await wait(STALL_STEP_MS);
  if (job.afterMs > 0) {
    record.end();
    stop.abort();
    await sleep(job.afterMs);
  }
  record.stop();
  stop.abort();
}

function tell(message: LoadMessage): void {
  process.send?.(message);
}

// Only run.ts sends messages here.
process.on('message', (job: LoadJob) => void run(job));
process.once('disconnect', () => process.exit(0));
tell({ type: 'ready' });
