/** Whether the store works, for `/readyz`, with a log line whenever that changes. */
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

/** `check` rejects with what is wrong; the result never does. */
export function createStoreProbe(check: () => Promise<void>, log: Log): () => Promise<boolean> {
  let known: string | undefined;
  return async () => {
    const why = await check().then(
      () => undefined,
      (cause: unknown) => GatewayError.from(cause).details,
    );
    if (why !== known && why !== undefined) log.error({ why }, 'the store does not work; /readyz answers 503');
    else if (why !== known) log.info({}, 'the store works again');
    known = why;
    return why === undefined;
  };
}
