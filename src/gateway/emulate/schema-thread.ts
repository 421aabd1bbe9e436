/** Entry point of the thread for schema checks that are too slow for the event loop. Started by checking-thread.ts. */
import { parentPort } from 'node:worker_threads';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { compileSchema, type SchemaCheck } from './schema-check.ts';

export interface SchemaTask {
  /** Text, because it is copied to a thread many times faster than an object. */
  readonly schemaJson: string;
  readonly at: string;
  /** The value to check. Absent: only compile the schema. */
  readonly value?: { readonly json: unknown };
}

export type SchemaResult =
  | { readonly type: 'done'; readonly unchecked: readonly string[]; readonly problems: readonly string[] }
  | {
      readonly type: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly param: string | undefined;
      readonly why: string;
    };

/** A schema is compiled before the request is sent and used again when the reply is there. */
const MAX_COMPILED = 32;
const compiled = new Map<string, SchemaCheck>();

function checkOf({ schemaJson, at }: SchemaTask): SchemaCheck {
  const key = `${at} ${schemaJson}`;
  const check = compiled.get(key) ?? compileSchema(JSON.parse(schemaJson) as JsonObject, at); // text made by bounded-check.ts
  compiled.delete(key);
  compiled.set(key, check);
  for (const oldest of compiled.keys()) {
    if (compiled.size <= MAX_COMPILED) break;
    compiled.delete(oldest);
  }
  return check;
}

function run(task: SchemaTask): SchemaResult {
  try {
    const check = checkOf(task);
    return { type: 'done', unchecked: check.unchecked, problems: task.value ? check.problems(task.value.json) : [] };
  } catch (cause) {
    const { code, message, param, details } = GatewayError.from(cause);
    return { type: 'failed', code, message, param, why: details };
  }
}

parentPort?.on('message', (task: SchemaTask) => parentPort?.postMessage(run(task)));
