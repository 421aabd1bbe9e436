/** The share of failed requests of the last minutes, in this process. */
import type { RequestRecord } from '../request-record.ts';

const MINUTES = 5;
const MINUTE_MS = 60_000;

interface Minute {
  readonly minute: number;
  requests: number;
  failed: number;
}

export class ErrorRate {
  readonly #now: () => number;
  /** The last few, oldest first. */
  #minutes: Minute[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The observer of finished requests. Requests that their clients got wrong or gave up say nothing about the gateway. */
  readonly observe = ({ kind, outcome }: RequestRecord): void => {
    if (kind !== 'reply' || outcome === 'refused' || outcome === 'abandoned') return;
    const minute = Math.floor(this.#now() / MINUTE_MS);
    let last = this.#minutes.at(-1);
    if (last?.minute !== minute) {
      last = { minute, requests: 0, failed: 0 };
      this.#minutes.push(last);
      if (this.#minutes.length > MINUTES) this.#minutes.shift();
    }
    last.requests += 1;
    if (outcome !== 'ok') last.failed += 1;
  };

  sum(): { readonly requests: number; readonly failed: number; readonly minutes: number } {
    const first = Math.floor(this.#now() / MINUTE_MS) - MINUTES + 1;
    const recent = this.#minutes.filter(({ minute }) => minute >= first);
    return {
      requests: recent.reduce((sum, { requests }) => sum + requests, 0),
      failed: recent.reduce((sum, { failed }) => sum + failed, 0),
      minutes: MINUTES,
    };
  }
}
