/**
 * Values that are pushed at their consumer in the tick in which they arrive, for as long as it keeps up. Pulling them from an
 * async iterator takes several promises for each value, which cost more than decoding and writing a frame.
 */

/** Takes one value. Returns a promise if the next value has to wait. */
export type Consume<T> = (value: T) => Promise<void> | undefined;

/** An async iterator that can also push what it has not delivered yet. Used one way or the other, not both at a time. */
export interface PushingIterator<T> extends AsyncIterator<T, undefined> {
  /** The value just delivered was the last one, and nothing failed. Absent: not known before the end is read. */
  readonly isComplete?: boolean;
  /**
   * Resolves at the end: with undefined, or with the failure that cut the values short. What `consume` throws or rejects with
   * ends the iterator, as leaving a loop does, and rejects.
   */
  pushTo(consume: Consume<T>): Promise<unknown>;
}

/** Calls `consume` with the remaining values of an iterator, which are pushed if it can do so. Settles as `pushTo` does. */
export function pushAll<T>(iterator: AsyncIterator<T> | PushingIterator<T>, consume: Consume<T>): Promise<unknown> {
  return 'pushTo' in iterator ? iterator.pushTo(consume) : pullAll(iterator, consume);
}

/** Whether the value just delivered is known to be the last one. */
export function isComplete<T>(iterator: AsyncIterator<T> | PushingIterator<T>): boolean {
  return 'isComplete' in iterator && iterator.isComplete === true;
}

async function pullAll<T>(iterator: AsyncIterator<T>, consume: Consume<T>): Promise<unknown> {
  for (;;) {
    const step = await iterator.next().catch((failure: unknown) => ({ failure }));
    if ('failure' in step) return step.failure;
    if (step.done) return undefined;
    try {
      const wait = consume(step.value);
      if (wait) await wait;
    } catch (cause) {
      await iterator.return?.();
      throw cause;
    }
  }
}
