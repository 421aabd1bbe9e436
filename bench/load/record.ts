/** Collects the measurements of a load job within its window. */

import { spreadOf } from '../statistics.ts';
import { type BurstReply, burstReply, findStamps, monotonicUs } from '../upstream/replies.ts';
import { problemIn } from './check-reply.ts';
import type { LoadJob, LoadResult } from './job.ts';

const MAX_PROBLEMS = 5;

export class LoadRecord {
  readonly #job: LoadJob;
  readonly #onProgress: (replies: number) => void;
  readonly #expected: BurstReply | undefined;
  readonly #firstTextMs: number[] = [];
  readonly #delaysMs: number[] = [];
  readonly #problems: string[] = [];
  #startedMs: number | undefined;
  #endedMs: number | undefined;
  #stoppedMs: number | undefined;
  #asked = 0;
  #replies = 0;
  #sampled = 0;
  #failures = 0;

  constructor(job: LoadJob, onProgress: (replies: number) => void) {
    this.#job = job;
    this.#onProgress = onProgress;
    this.#expected = job.wanted.kind === 'burst' ? burstReply(job.wanted.frames) : undefined;
  }

  /** Whether the next reply belongs to the sample. */
  nextIsSampled(): boolean {
    return this.#expected !== undefined && this.#asked++ % this.#job.sampleEvery === 0;
  }

  begin(): void {
    this.#startedMs = performance.now();
  }

  firstText(sinceMs: number): void {
    if (this.#measuring) this.#firstTextMs.push(performance.now() - sinceMs);
  }

  /** Returns whether the window's replies are complete. Replies of the warm-up are checked, but not counted. */
  reply(body: Buffer | undefined): boolean {
    if (this.#measuring) {
      this.#replies++;
      if (this.#replies % (this.#job.progressEvery ?? Number.POSITIVE_INFINITY) === 0) this.#onProgress(this.#replies);
    }
    if (body && this.#expected) {
      this.#sampled++;
      const problem = problemIn(this.#job.target, body, this.#expected);
      if (problem) this.failed(problem);
    }
    return this.#replies >= this.#job.maxReplies;
  }

  /** Reads the stamps of paced frames; returns the expected number of the stream's next frame. */
  pacedBytes(chunk: Buffer, expected: number): number {
    const nowUs = monotonicUs();
    let next = expected;
    for (const { sentUs, sequence } of findStamps(chunk)) {
      if (sequence !== next) this.failed(`frame ${sequence} came instead of ${next}`);
      next = sequence + 1;
      if (this.#measuring) this.#delaysMs.push((nowUs - sentUs) / 1000);
    }
    return next;
  }

  failed(problem: string): void {
    if (this.#stoppedMs !== undefined) return;
    this.#failures++;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
  }

  /** No reply has ended and no paced frame has come. */
  get isEmpty(): boolean {
    return this.#replies === 0 && this.#delaysMs.length === 0;
  }

  /** The window's time is over; replies that are on their way still count. */
  end(): void {
    this.#endedMs = performance.now();
  }

  /** Closes the window; later calls to the methods above have no effect. */
  stop(): void {
    this.#stoppedMs ??= performance.now();
  }

  result(): LoadResult {
    const elapsedMs = (this.#endedMs ?? this.#stoppedMs ?? Number.NaN) - (this.#startedMs ?? Number.NaN);
    const paced = this.#job.wanted.kind === 'paced';
    return {
      elapsedMs,
      replies: this.#replies,
      frames: paced ? this.#delaysMs.length : this.#replies * this.#job.wanted.frames,
      repliesPerS: this.#replies / (elapsedMs / 1000),
      firstTextMs: spreadOf(this.#firstTextMs),
      delayMs: spreadOf(this.#delaysMs),
      sampled: this.#sampled,
      problems: this.#problems,
      failures: this.#failures,
    };
  }

  get #measuring(): boolean {
    return this.#startedMs !== undefined && this.#stoppedMs === undefined;
  }
}
