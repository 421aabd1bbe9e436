/** Runs a load job against a subject and adds the CPU and memory figures of the subject's process. */
import type { LoadJob, LoadMessage, LoadResult, Target } from './load/job.ts';
import { cpuTimeMs, residentBytes } from './proc.ts';
import type { Started } from './processes.ts';

export interface Measured extends LoadResult {
  /** The subject's CPU time within the window; undefined for `direct` and if unavailable on this platform. */
  readonly cpuMs: number | undefined;
  /** Share of one core that the subject used within the window. */
  readonly busy: number | undefined;
  /** Resident memory before the job, and at the end of its window with everything still open. */
  readonly residentBefore: number | undefined;
  readonly residentAfter: number | undefined;
  /** CPU time since the window began, each time that `progressEvery` more replies were complete. */
  readonly progress: readonly { readonly replies: number; readonly cpuMs: number }[];
}

/** Time besides warm-up and window, since opening thousands of streams takes a while. */
const EXTRA_MS = 180_000;

export type Job = Omit<LoadJob, 'target'>;

export function measure(load: Started, pid: number | undefined, target: Target, job: Job): Promise<Measured> {
  const cpu = () => (pid === undefined ? undefined : cpuTimeMs(pid));
  const resident = () => (pid === undefined ? undefined : residentBytes(pid));
  return new Promise((resolve, reject) => {
    const residentBefore = resident();
    let cpuBefore: number | undefined;
    let memory: NodeJS.Timeout | undefined;
    let residentAfter: number | undefined;
    const progress: { replies: number; cpuMs: number }[] = [];
    const onMessage = (message: LoadMessage) => {
      if (message.type === 'begin') {
        cpuBefore = cpu();
        // The end message arrives while streams are being closed, so the last sample before it counts.
        memory = setInterval(() => {
          residentAfter = resident();
        }, 100);
      }
      if (message.type === 'progress') {
        const cpuMs = cpu();
        if (cpuMs !== undefined && cpuBefore !== undefined) {
          progress.push({ replies: message.replies, cpuMs: cpuMs - cpuBefore });
        }
      }
      if (message.type !== 'end') return;
      const cpuAfter = cpu();
      done();
      const cpuMs = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
      const busy = cpuMs === undefined ? undefined : cpuMs / message.result.elapsedMs;
      resolve({ ...message.result, cpuMs, busy, residentBefore, residentAfter, progress });
    };
    const onExit = () => {
      done();
      reject(new Error(`the load generator ended: ${load.complaints()}`));
    };
    const limitMs = job.warmUpMs + job.durationMs + EXTRA_MS;
    const limit = setTimeout(() => {
      done();
      reject(new Error(`no result from the load generator within ${limitMs} ms`));
    }, limitMs);
    const done = () => {
      clearTimeout(limit);
      clearInterval(memory);
      load.process.off('message', onMessage);
      load.process.off('exit', onExit);
    };
    load.process.on('message', onMessage);
    load.process.once('exit', onExit);
    load.process.send({ ...job, target } satisfies LoadJob);
  });
}
