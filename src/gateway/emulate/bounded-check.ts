/**
 * Schema checks that leave the event loop free: small schemas are compiled and checked here, in a millisecond or two.
 * Large ones, and those that took too long here because of a pattern that backtracks, are checked in a thread.
 */
import { createHash } from 'node:crypto';
import { QueueFullError } from '../../core/async.ts';
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { timeSlices } from '../../core/steps.ts';
import { CheckingThread } from './checking-thread.ts';
import { compileSchema, isOutOfTime, prepareDraft, type SchemaCheck } from './schema-check.ts';
import type { SchemaOrder, SchemaResult } from './schema-thread.ts';

export interface BoundedCheck {
  /** As SchemaCheck's. */
  problems(value: unknown): Promise<readonly string[]>;
  readonly unchecked: readonly string[];
}

/** Compiling 8 KB takes about 20 ms in a process that has just started. */
const MAX_LOOP_CHARS = 8 * 1024;
/** For compiling, and for each check. */
const LOOP_MS = 25;
/** Schemas that took longer are checked in the thread from the beginning. */
const MAX_SLOW = 1_000;
const RETRY_AFTER_MS = 5_000;

const thread = new CheckingThread();
/** Hashes of schemas, the newest last. */
const slow = new Set<string>();

/** Rejects with `invalid_request` naming `at` when nothing of the schema can be checked. */
export async function prepareCheck(schema: JsonObject, at: string): Promise<BoundedCheck> {
  const schemaJson = JSON.stringify(schema);
  const hash = createHash('sha256').update(schemaJson).digest('base64');
  const onLoop = <T extends SchemaCheck | readonly string[]>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (cause) {
      if (!isOutOfTime(cause)) throw cause;
      remember(hash);
      return undefined;
    }
  };
  const isForLoop = () => schemaJson.length <= MAX_LOOP_CHARS && !slow.has(hash);
  if (isForLoop()) await prepareOnLoop(schema);
  const local = isForLoop() ? onLoop(() => compileSchema(schema, at, LOOP_MS)) : undefined;
  const unchecked = local ? local.unchecked : (await inThread({ schemaJson, at })).unchecked;
  return {
    unchecked,
    async problems(json) {
      const found = local && isForLoop() ? onLoop(() => local.problems(json)) : undefined;
      return found ?? (await inThread({ schemaJson, at, value: { json } })).problems;
    },
  };
}

/** The first schema of a draft has the draft itself compiled, which takes as long as the loop can spare at once. */
async function prepareOnLoop(schema: JsonObject): Promise<void> {
  await timeSlices.pause();
  prepareDraft(schema);
  await timeSlices.pause();
}

function remember(hash: string): void {
  slow.add(hash);
  for (const oldest of slow) {
    if (slow.size <= MAX_SLOW) break;
    slow.delete(oldest);
  }
}

type Done = Extract<SchemaResult, { type: 'done' }>;

async function inThread(order: SchemaOrder): Promise<Done> {
  const result = await thread.run(order).catch((cause: unknown) => {
    if (!(cause instanceof QueueFullError)) throw cause;
    throw new GatewayError('rate_limited', 'Too many slow JSON schemas are being checked. Try again later.', {
      retryAfterMs: RETRY_AFTER_MS,
    });
  });
  if (result.type === 'done') return result;
  const cause = result.code === 'internal' ? new Error(result.why) : undefined;
  throw new GatewayError(result.code, result.message, { param: result.param, cause });
}
