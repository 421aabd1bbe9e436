/** A worker's access to the figures of the other workers, by messages to the parent process. */
import { SingleFlight } from '../../core/async.ts';
import type { MetricPeers, MetricsSnapshot } from '../../metrics/ports.ts';

export class WorkerPeers implements MetricPeers {
  readonly number: number;
  readonly #request: () => void;
  readonly #collections = new SingleFlight<readonly MetricsSnapshot[]>();
  #waiting: PromiseWithResolvers<readonly MetricsSnapshot[]> | undefined;

  /** `request` sends the message that `receive` gets the answer to. */
  constructor(number: number, request: () => void) {
    this.number = number;
    this.#request = request;
  }

  /** The parent answers in any case; if it is gone, this worker ends too. */
  collect(): Promise<readonly MetricsSnapshot[]> {
    return this.#collections.run('others', () => {
      this.#waiting = Promise.withResolvers();
      this.#request();
      return this.#waiting.promise;
    });
  }

  receive(snapshots: readonly MetricsSnapshot[]): void {
    this.#waiting?.resolve(snapshots);
  }
}
