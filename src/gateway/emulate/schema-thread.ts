/** Schema checks that take longer than the event loop can spare, in a thread of their own. Started by checking-thread.ts. */
import { parentPort } from 'node:worker_threads';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { compileSchema, type SchemaCheck } from './schema-check.ts';

export interface SchemaOrder {
  /** As text, which is copied to a thread many times faster than the object. */
  readonly schemaJson: string;
  readonly at: string;
  /** Absent: the schema is only compiled. */
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

/** A schema is compiled before the model is asked, and needed again for its answer. */
const MAX_COMPILED = 32;
const compiled = new Map<string, SchemaCheck>();

function checkOf({ schemaJson, at }: SchemaOrder): SchemaCheck {
  const key = `${at} ${schemaJson}`;
  const check = compiled.get(key) ?? compileSchema(JSON.parse(schemaJson) as JsonObject, at); // by checking-thread.ts
  compiled.delete(key);
  compiled.set(key, check);
  for (const oldest of compiled.keys()) {
    if (compiled.size <= MAX_COMPILED) break;
    compiled.delete(oldest);
  }
  return check;
}

function run(order: SchemaOrder): SchemaResult {
  try {
    const check = checkOf(order);
    return { type: 'done', unchecked: check.unchecked, problems: order.value ? check.problems(order.value.json) : [] };
  } catch (cause) {
    const { code, message, param, details } = GatewayError.from(cause);
    return { type: 'failed', code, message, param, why: details };
  }
}

parentPort?.on('message', (order: SchemaOrder) => parentPort?.postMessage(run(order)));
