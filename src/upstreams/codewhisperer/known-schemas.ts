/**
 * Input schemas of tools are rewritten, checked and serialised once, however often a client declares its tools. They are
 * found by identity: what a request has in common with an earlier one is shared between the two (http/known-bodies.ts),
 * and nothing changes a schema in place.
 */
import { LRUCache } from 'lru-cache';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { WireProfile } from './profiles.ts';
import { type SanitizedSchema, sanitizeSchema } from './schema.ts';

type Policy = WireProfile['schemas'];

interface KnownSchema extends SanitizedSchema {
  readonly policy: Policy;
  /** Of the sanitized schema, in UTF-8. */
  readonly json: Buffer;
  /** What the service would refuse in it; null: nothing; undefined: not checked yet. */
  fault: string | null | undefined;
}

/** In memory, of all schemas together. One can grow much when its references are replaced by what they refer to. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Objects take several times the bytes of their JSON. */
const BYTES_PER_JSON_BYTE = 8;
const ENTRY_BYTES = 500;

export class KnownSchemas {
  readonly #schemas: LRUCache<JsonObject, KnownSchema>;
  /** By the sanitized schema. */
  readonly #sanitized = new WeakMap<JsonObject, KnownSchema>();
  #sanitizedCount = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#schemas = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ json }) => BYTES_PER_JSON_BYTE * json.length + ENTRY_BYTES,
    });
  }

  sanitize(schema: JsonValue | undefined, policy: Policy): SanitizedSchema {
    if (!isJsonObject(schema)) return sanitizeSchema(schema, policy);
    const known = this.#schemas.get(schema);
    if (known?.policy === policy) return known;
    this.#sanitizedCount += 1;
    const { schema: copy, changes } = sanitizeSchema(schema, policy);
    const sanitized = changes.size === 0 ? schema : copy;
    const json = toBytes(JSON.stringify(sanitized));
    const added = { schema: sanitized, changes, policy, json, fault: undefined };
    this.#schemas.set(schema, added);
    this.#sanitized.set(sanitized, added);
    return added;
  }

  /** Whether the schema was sanitized before, for any policy, or is the result of that. */
  has(schema: JsonValue | undefined): boolean {
    return isJsonObject(schema) && (this.#schemas.has(schema) || this.#sanitized.has(schema));
  }

  /** The result of `find`, which is called once for a schema that was sanitized for this policy. */
  faultIn(
    sanitized: JsonObject,
    policy: Policy,
    find: (schema: JsonObject, policy: Policy) => string | undefined,
  ): string | undefined {
    const known = this.#sanitized.get(sanitized);
    if (known?.policy !== policy) return find(sanitized, policy);
    if (known.fault === undefined) known.fault = find(sanitized, policy) ?? null;
    return known.fault ?? undefined;
  }

  /** undefined: it was not sanitized here. */
  jsonOf(sanitized: object): Buffer | undefined {
    return this.#sanitized.get(sanitized as JsonObject)?.json; // any object may be looked up
  }

  /** How many schemas were sanitized, rather than found. */
  get sanitizedCount(): number {
    return this.#sanitizedCount;
  }

  /** In memory. */
  get bytes(): number {
    return this.#schemas.calculatedSize;
  }
}

/** Of this process. */
export const knownSchemas = new KnownSchemas();

/** Not from the shared pool, of which one small piece keeps all the others alive. */
function toBytes(json: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(json));
  bytes.write(json);
  return bytes;
}
