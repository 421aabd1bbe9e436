import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Whether the objects are still there after garbage was collected. To be called where no variable refers to them. */
export async function remaining(references: readonly WeakRef<object>[]): Promise<number> {
  // Until the end of a job, new references keep their objects.
  await setImmediate();
  collectGarbage();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

/** All of it, in this process. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect();
}
