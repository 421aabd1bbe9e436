/** A check that takes longer than the event loop can spare, in a thread of its own. Started by bounded-check.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { compileSchema } from './schema-check.ts';

export interface SchemaOrder {
  readonly schema: JsonObject;
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

function run({ schema, at, value }: SchemaOrder): SchemaResult {
  try {
    const check = compileSchema(schema, at);
    return { type: 'done', unchecked: check.unchecked, problems: value ? check.problems(value.json) : [] };
  } catch (cause) {
    const { code, message, param, details } = GatewayError.from(cause);
    return { type: 'failed', code, message, param, why: details };
  }
}

// Only bounded-check.ts starts this, with an order of that shape.
parentPort?.postMessage(run(workerData as SchemaOrder));
