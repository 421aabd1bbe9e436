/**
 * Schema checks that leave the event loop free. Small schemas are compiled and checked on the loop, in some milliseconds, and
 * kept: an application asks for the same ones again and again. Large ones, and those whose patterns backtrack for too long, are
 * checked in a thread.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { QueueFullError } from '../../core/async.ts';
import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { inOneStep, timeSlices } from '../../core/steps.ts';
import { CheckingThread } from './checking-thread.ts';
import { compileSchema, isOutOfTime, prepareDraft, type SchemaCheck } from './schema-check.ts';
import type { SchemaResult, SchemaTask } from './schema-thread.ts';

export interface BoundedCheck {
  /** Like `SchemaCheck.problems`. */
  problems(value: unknown): Promise<readonly string[]>;
  readonly unchecked: readonly string[];
}

/** Compiling 8 KB takes 20 to 30 ms. */
const MAX_LOOP_CHARS = 8 * 1024;
/** Applies to compiling and to each check separately. */
const LOOP_MS = 25;
/** Number of slow schemas remembered. They go straight to the thread the next time. */
const MAX_SLOW = 1_000;
const RETRY_AFTER_MS = 5_000;
/** Each takes some 50 kB, at most 130: it has an instance of Ajv of its own. */
const MAX_COMPILED = 64;

const thread = new CheckingThread();
/** Hashes of slow schemas, newest last. */
const slow = new Set<string>();
/** Compiled on the loop, by hash. */
const compiled = new LRUCache<string, SchemaCheck>({ max: MAX_COMPILED });

/** Rejects with `invalid_request` naming `at` if no part of the schema can be checked. */
export async function prepareCheck(schema: JsonObject, at: string): Promise<BoundedCheck> {
  const schemaJson = JSON.stringify(schema);
  const hash = createHash('sha256').update(schemaJson).digest('base64');
  // One step each, so that those of several requests do not add up in one turn of the loop.
  const onLoop = async <T extends SchemaCheck | readonly string[]>(work: () => T): Promise<T | undefined> => {
    try {
      return await timeSlices.run(inOneStep(work));
    } catch (cause) {
      if (!isOutOfTime(cause)) throw cause;
      remember(hash);
      return undefined;
    }
  };
  const canRunOnLoop = () => schemaJson.length <= MAX_LOOP_CHARS && !slow.has(hash);
  const compile = async () => {
    // The first schema of a draft compiles the draft itself, which takes about one time slice.
    await timeSlices.run(inOneStep(() => prepareDraft(schema)));
    const check = await onLoop(() => compileSchema(schema, at, LOOP_MS));
    if (check) compiled.set(hash, check);
    return check;
  };
  const local = canRunOnLoop() ? (compiled.get(hash) ?? (await compile())) : undefined;
  const unchecked = local ? local.unchecked : (await inThread({ schemaJson, at })).unchecked;
  return {
    unchecked,
    async problems(json) {
      const localProblems = local && canRunOnLoop() ? await onLoop(() => local.problems(json)) : undefined;
      return localProblems ?? (await inThread({ schemaJson, at, value: { json } })).problems;
    },
  };
}

function remember(hash: string): void {
  slow.add(hash);
  for (const oldest of slow) {
    if (slow.size <= MAX_SLOW) break;
    slow.delete(oldest);
  }
}

type CheckedResult = Extract<SchemaResult, { type: 'done' }>;

async function inThread(task: SchemaTask): Promise<CheckedResult> {
  const result = await thread.run(task).catch((cause: unknown) => {
    if (!(cause instanceof QueueFullError)) throw cause;
    throw new GatewayError('rate_limited', 'Too many slow JSON schemas are being checked. Try again later.', {
      retryAfterMs: RETRY_AFTER_MS,
    });
  });
  if (result.type === 'done') return result;
  const cause = result.code === 'internal' ? new Error(result.why) : undefined;
  throw new GatewayError(result.code, result.message, { param: result.param, cause });
}
