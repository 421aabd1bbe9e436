/**
 * Reads wire profiles from files. A file that extends another profile has only the differences (JSON Merge Patch). Its
 * variants are further patches, tried directly after the profile itself.
 */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { once } from '../../core/once.ts';
import { type UncheckedProfile, type WireProfile, wireProfileSchema } from './profile-schema.ts';

export interface ProfileFile {
  /** Names the file in errors. */
  readonly name: string;
  readonly content: unknown;
}

const MAX_EXTENDS = 10;

const head = once(() =>
  z.looseObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'expected lower-case letters, digits and dashes'),
    extends: z.string().optional(),
    variants: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,40}$/), z.record(z.string(), z.json())).optional(),
  }),
);

/** zod would compile a program for each object schema, which pays off only after hundreds of values. */
const ONCE = { jitless: true } as const;

/** A profile as read from its file, before it is merged with the profile it extends. */
interface Source {
  readonly name: string;
  readonly id: string;
  readonly extends: string | undefined;
  /** Patches by name. They are not inherited. */
  readonly variants: Readonly<Record<string, JsonObject>>;
  readonly content: JsonObject;
}

/** A profile and its variants, in the order in which they are tried. */
export type ProfileFamily = readonly [WireProfile, ...WireProfile[]];

/**
 * The families of `files`, by id. A file may extend any profile in `files` and in `base`, the shipped ones; a file with the id of a profile
 * in `base` replaces it, and extends the replaced profile if it names its own id. Throws `invalid_request` naming the
 * file, the member and the expected value.
 */
export function readProfileFiles(
  files: readonly ProfileFile[],
  base: readonly ProfileFile[] = [],
): ReadonlyMap<string, ProfileFamily> {
  const shipped = byId(base.map(headOf));
  const own = byId(files.map(readHead));
  return new Map([...own.values()].map((source) => [source.id, familyOf(source, own, shipped, parse)]));
}

/**
 * The families of the shipped files, unchecked: a test does that. Building their schema and checking them would be a tenth of
 * a start.
 */
export function readShippedProfiles(files: readonly ProfileFile[]): ReadonlyMap<string, ProfileFamily> {
  const shipped = byId(files.map(headOf));
  return new Map([...shipped.values()].map((source) => [source.id, familyOf(source, shipped, new Map(), convert)]));
}

/** Of a shipped file. */
function headOf({ name, content }: ProfileFile): Source {
  const { extends: parent, variants = {}, ...own } = content as Pick<Source, 'id' | 'extends'> & Partial<Source>;
  return { name, id: own.id, extends: parent, variants, content: own as JsonObject };
}

function readHead({ name, content }: ProfileFile): Source {
  const read = head().safeParse(content, ONCE);
  if (!read.success) throw invalid(name, read.error);
  const { extends: parent, variants = {}, ...own } = read.data;
  // The content was parsed from JSON.
  return { name, id: own.id, extends: parent, variants, content: own as JsonObject };
}

function byId(sources: readonly Source[]): Map<string, Source> {
  const result = new Map<string, Source>();
  for (const source of sources) {
    const other = result.get(source.id);
    if (other) throw wrong(source.name, `id: ${other.name} has the id ${source.id} too; change one of them`);
    result.set(source.id, source);
  }
  return result;
}

type Sources = ReadonlyMap<string, Source>;

function familyOf(source: Source, own: Sources, shipped: Sources, read: typeof parse): ProfileFamily {
  const complete = completed(source, own, shipped, 0);
  const replaced = source.extends === source.id ? shipped.get(source.id) : undefined;
  const variants = { ...replaced?.variants, ...source.variants };
  return [
    read(source.name, complete),
    ...Object.entries(variants).map(([name, patch]) =>
      read(`${source.name}, variant ${name}`, { ...mergePatch(complete, patch), id: `${source.id}/${name}` }),
    ),
  ];
}

function completed(source: Source, own: Sources, shipped: Sources, depth: number): JsonObject {
  if (source.extends === undefined) return mergePatch({}, source.content);
  if (depth >= MAX_EXTENDS)
    throw wrong(source.name, `extends: the chain is circular or longer than ${MAX_EXTENDS} profiles`);
  const isOwnName = source.extends === source.id;
  const parent = (isOwnName ? undefined : own.get(source.extends)) ?? shipped.get(source.extends);
  if (!parent || parent === source) {
    const known = [...new Set([...shipped.keys(), ...own.keys()])].join(', ');
    const name = JSON.stringify(source.extends);
    throw wrong(source.name, `extends: ${name} is not a known wire profile; use one of ${known}`);
  }
  return mergePatch(completed(parent, isOwnName ? new Map() : own, shipped, depth + 1), source.content);
}

function parse(name: string, content: JsonObject): WireProfile {
  const parsed = wireProfileSchema().safeParse(content, ONCE);
  if (!parsed.success) throw invalid(name, parsed.error);
  return parsed.data;
}

/** As the schema does it. A copy, since a variant must not share objects with its profile. */
function convert(_name: string, content: JsonObject): WireProfile {
  // A test checks it.
  const profile = structuredClone(content) as unknown as UncheckedProfile;
  const { limits, schemas } = profile;
  return {
    ...profile,
    limits: {
      ...limits,
      toolNamePattern: new RegExp(limits.toolNamePattern),
      toolUseIdPattern: new RegExp(limits.toolUseIdPattern),
    },
    schemas: { ...schemas, removedKeywords: new Set(schemas.removedKeywords) },
  };
}

const MAX_ISSUES = 10;

function invalid(name: string, error: z.ZodError): GatewayError {
  const issues = error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => {
    const at = path.map(String).join('.');
    return at === '' ? message : `${at}: ${message}`;
  });
  const more = error.issues.length - issues.length;
  return wrong(name, [...issues, ...(more > 0 ? [`${more} more`] : [])].join('; '));
}

function wrong(name: string, problem: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `The wire profile ${name} is not valid. ${problem}. docs/wire-profiles.md lists the members of a profile.`,
  );
}

/** JSON Merge Patch (RFC 7396): objects are merged, null removes a member, anything else replaces what was there. */
function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const before = merged[name];
    if (value === null || value === undefined) delete merged[name];
    else merged[name] = isJsonObject(value) ? mergePatch(isJsonObject(before) ? before : {}, value) : value;
  }
  return merged;
}
