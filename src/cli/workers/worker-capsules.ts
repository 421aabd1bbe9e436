/** A worker's access to the captures of the other workers, by messages to the parent process. */
import type { CapsulePeers } from '../../compose-capsules.ts';
import type { CapsuleResult } from '../../http/admin/ports.ts';
import type { CapsuleQuestion } from './messages.ts';

export class WorkerCapsules implements CapsulePeers {
  readonly #ask: (question: CapsuleQuestion) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<CapsuleResult | undefined>>();
  #lastId = 0;

  /** `ask` sends the message that `receive` gets the answer to. */
  constructor(ask: (question: CapsuleQuestion) => void) {
    this.#ask = ask;
  }

  /** The parent answers in any case; if it is gone, this worker ends too. */
  findCapsule(requestId: string, withText: boolean): Promise<CapsuleResult | undefined> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<CapsuleResult | undefined>();
    this.#waiting.set(id, waiting);
    this.#ask({ id, requestId, withText });
    return waiting.promise;
  }

  receive(id: number, result: CapsuleResult | undefined): void {
    this.#waiting.get(id)?.resolve(result);
    this.#waiting.delete(id);
  }
}
