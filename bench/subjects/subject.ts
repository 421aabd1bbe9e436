/** The measured subjects and how each is started. */
import type { Target } from '../load/job.ts';
import { pidListeningOn } from '../proc.ts';
import type { Processes, Started } from '../processes.ts';
import { untilListening } from '../processes.ts';

/**
 * `dragoman`, a reference (`nginx`, `bare`: bytes passed through; `floor`: the smallest program that does the work; `direct`: no gateway),
 * or the name of another gateway (`--against`).
 */
export type SubjectName = string;

/** In the order in which a figure is compared with them. */
export const REFERENCES = ['nginx', 'bare', 'floor', 'direct'] as const;

export interface Subject {
  readonly name: SubjectName;
  /** Undefined for `direct`, which has no process, and for a gateway on another machine. */
  readonly pid: number | undefined;
  /** One for each client protocol to measure. */
  readonly targets: readonly [Target, ...Target[]];
  stop(): Promise<void>;
}

/** Starts a subject that calls the stand-in upstream on this port. */
export interface SubjectKind {
  readonly name: SubjectName;
  start(processes: Processes, upstreamPort: number): Promise<Subject>;
}

export function bytesTarget(port: number): Target {
  return { host: '127.0.0.1', port, dialect: 'event-stream', oneDeltaPerFrame: true };
}

/** Waits until a started process listens. The listener may be a child of it. */
export async function untilServing(
  name: SubjectName,
  started: Started,
  processes: Processes,
  targets: Subject['targets'],
): Promise<Subject> {
  const [{ port }] = targets;
  await untilListening(port, started);
  return { name, pid: pidListeningOn(port) ?? started.pid, targets, stop: () => processes.stop(started) };
}
