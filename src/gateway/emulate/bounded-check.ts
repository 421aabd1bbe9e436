/**
 * Schema checks that leave the event loop free: nearly all are done in well under a millisecond, here. One that takes
 * longer than 50 ms, because of a pattern that backtracks or a schema that is large, is done again in a thread.
 */
import { Worker } from 'node:worker_threads';
import { QueueFullError, Semaphore } from '../../core/async.ts';
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { compileSchema, isOutOfTime, type SchemaCheck } from './schema-check.ts';
import type { SchemaOrder, SchemaResult } from './schema-thread.ts';

export interface BoundedCheck {
  /** As SchemaCheck's. */
  problems(value: unknown): Promise<readonly string[]>;
  readonly unchecked: readonly string[];
}

const LOOP_MS = 50;
/** Compiling and checking take a second each at most; the rest is for starting the thread on a busy machine. */
const THREAD_TIMEOUT_MS = 6_000;
const THREAD_MEMORY_MIB = 256;
/** One runs at a time: they are rare, and each may take all of a processor. */
const threads = new Semaphore(1, 7);

/** Rejects with `invalid_request` naming `at` when nothing of the schema can be checked. */
export async function prepareCheck(schema: JsonObject, at: string): Promise<BoundedCheck> {
  const local = onLoop(() => compileSchema(schema, at, LOOP_MS));
  const unchecked = local ? local.unchecked : (await inThread({ schema, at })).unchecked;
  return {
    unchecked,
    async problems(json) {
      const found = local && onLoop(() => local.problems(json));
      return found ?? (await inThread({ schema, at, value: { json } })).problems;
    },
  };
}

/** undefined: out of time. */
function onLoop<T extends SchemaCheck | readonly string[]>(work: () => T): T | undefined {
  try {
    return work();
  } catch (cause) {
    if (isOutOfTime(cause)) return undefined;
    throw cause;
  }
}

type Done = Extract<SchemaResult, { type: 'done' }>;

async function inThread(order: SchemaOrder): Promise<Done> {
  const result = await threads
    .run(() => runThread(order))
    .catch((cause: unknown) => {
      if (!(cause instanceof QueueFullError)) throw cause;
      throw new GatewayError('rate_limited', 'Too many slow JSON schemas are being checked. Try again later.', {
        retryAfterMs: THREAD_TIMEOUT_MS,
      });
    });
  if (result.type === 'done') return result;
  const cause = result.code === 'internal' ? new Error(result.why) : undefined;
  throw new GatewayError(result.code, result.message, { param: result.param, cause });
}

/** In a checkout Node runs the source; the package has what was compiled from it. */
const THREAD = new URL(`./schema-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

function runThread(order: SchemaOrder): Promise<SchemaResult> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(THREAD, {
      workerData: order,
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY_MIB },
    });
    const fail = () => {
      end();
      reject(
        new GatewayError('output_invalid', 'The JSON schema takes too much time or memory to check. Simplify it.'),
      );
    };
    const timer = setTimeout(fail, THREAD_TIMEOUT_MS);
    const end = () => {
      clearTimeout(timer);
      thread.terminate().catch(() => {});
    };
    thread.once('message', (result: SchemaResult) => {
      end();
      resolve(result);
    });
    thread.once('error', fail);
    thread.once('exit', fail);
  });
}
