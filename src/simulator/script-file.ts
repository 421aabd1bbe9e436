/** Loads and validates a script from a JSON file; errors give the path within the file. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Script } from './script.ts';
import { HOSTS_SETTINGS, WEB_SEARCH_FORMS } from './service.ts';

/** Names the file and the position, for the author of the script. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** Throws ScriptError. */
export async function readScript(path: string): Promise<Script> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScriptError(`Could not read the script ${path}: ${why}`, { cause });
  }
  return parseScript(text, path);
}

/** Throws ScriptError. */
export function parseScript(text: string, path: string): Script {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ScriptError(`The script ${path} is not valid JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  checkSteps(value, path);
  const parsed = scriptSchema.safeParse(value);
  if (parsed.success) return parsed.data as Script; // The schema follows the type; a test keeps them in step.
  throw scriptError(path, [], parsed.error);
}

/** Validates each step by its own kind, because an error of the whole union would not name the fault. */
function checkSteps(script: unknown, path: string): void {
  const replies = z
    .object({ replies: z.array(z.object({ steps: z.array(z.unknown()).optional() })) })
    .safeParse(script);
  for (const [number, { steps = [] }] of (replies.data?.replies ?? []).entries()) {
    for (const [index, step] of steps.entries()) {
      if (typeof step === 'string') continue;
      const at = ['replies', number, 'steps', index];
      const schema = stepSchemaOf(step);
      if (!schema) {
        const kinds = Object.keys(STEPS).join(', ');
        throw new ScriptError(
          `The script ${path} is invalid at ${z.core.toDotPath(at)}: a step must be a text, or an object with one of ${kinds}`,
        );
      }
      const parsed = schema.safeParse(step);
      if (!parsed.success) throw scriptError(path, at, parsed.error);
    }
  }
}

function stepSchemaOf(step: unknown): z.ZodType | undefined {
  if (typeof step !== 'object' || step === null) return undefined;
  return Object.entries(STEPS).find(([key]) => key in step)?.[1];
}

function scriptError(path: string, at: readonly (string | number)[], error: z.ZodError): ScriptError {
  const [issue] = error.issues;
  const where = z.core.toDotPath([...at, ...(issue?.path ?? [])]) || 'the top level';
  return new ScriptError(`The script ${path} is invalid at ${where}: ${issue?.message ?? error.message}`);
}

const object = z.record(z.string(), z.json());
const texts = z.array(z.string());
const milliseconds = z.number().min(0).max(3_600_000);

/** Keyed by the member that identifies the kind of step, in order of precedence. */
const STEPS = {
  text: z.strictObject({ text: texts }),
  reasoning: z.strictObject({ reasoning: z.union([z.string(), texts]), signature: z.string().optional() }),
  redacted: z.strictObject({ redacted: z.base64() }),
  tool: z.strictObject({
    tool: z.string().min(1),
    id: z.string().min(1).optional(),
    input: object.optional(),
    fragments: texts.optional(),
    unfinished: z.boolean().optional(),
  }),
  event: z.strictObject({ event: z.string().min(1), payload: z.json() }),
  stopReason: z.strictObject({ stopReason: z.string() }),
  tokenUsage: z.strictObject({ tokenUsage: object }),
  contextPercentage: z.strictObject({ contextPercentage: z.number() }),
  credits: z.strictObject({ credits: z.number() }),
  gapMs: z.strictObject({ gapMs: milliseconds }),
  exception: z.strictObject({ exception: z.string().min(1), payload: z.json() }),
  errorCode: z.strictObject({ errorCode: z.string(), errorMessage: z.string() }),
  corrupt: z.strictObject({ corrupt: z.literal(true) }),
  cut: z.strictObject({ cut: z.enum(['reset', 'end', 'stall']), half: z.boolean().optional() }),
} as const satisfies Record<string, z.ZodType>;

const flag = z.boolean().optional();

const refusal = z.strictObject({
  status: z.int().min(400).max(599),
  name: z.string().min(1).optional(),
  message: z.string().optional(),
  reason: z.string().nullable().optional(),
  retryAfterS: z.int().min(0).optional(),
  members: object.optional(),
});

const pattern = z.string().refine(isPattern, 'is not a regular expression').optional();

function isPattern(source: string): boolean {
  try {
    return new RegExp(source) !== undefined;
  } catch {
    return false;
  }
}

const scriptSchema = z.strictObject({
  replies: z.array(
    z.strictObject({
      when: z
        .strictObject({
          account: z.string().optional(),
          model: z.string().optional(),
          text: z.string().optional(),
          request: z.int().min(1).optional(),
          tools: flag,
          toolResults: flag,
          body: pattern,
          moreTools: z.int().min(0).optional(),
          moreMessages: z.int().min(0).optional(),
          moreBytes: z.int().min(0).optional(),
        })
        .optional(),
      times: z.int().min(1).optional(),
      refuse: refusal.optional(),
      steps: z.array(z.unknown()).optional(),
      closing: z
        .union([
          z.array(z.enum(['contextUsage', 'stopReason', 'tokenUsage', 'metering'])),
          z.strictObject({ contextUsage: flag, stopReason: flag, tokenUsage: flag, metering: flag }),
        ])
        .optional(),
    }),
  ),
  completions: z
    .array(
      z.strictObject({
        when: z.strictObject({ left: z.string().optional() }).optional(),
        refuse: refusal.optional(),
        found: z
          .array(z.strictObject({ content: z.string().min(1), references: z.array(object).optional() }))
          .optional(),
      }),
    )
    .optional(),
  searches: z
    .union([
      z.literal(false),
      z.array(
        z.strictObject({
          when: z.strictObject({ query: z.string().optional() }).optional(),
          refuse: refusal.optional(),
          results: z.array(object).optional(),
        }),
      ),
    ])
    .optional(),
  refusals: z
    .array(
      z.strictObject({
        when: z.strictObject({
          host: z.enum(['q', 'runtime', 'management']).optional(),
          flavour: z.enum(['rest', 'json']).optional(),
          operation: z.string().optional(),
          afterChats: z.int().min(0).optional(),
          body: pattern,
          userAgent: pattern,
        }),
        refuse: refusal,
      }),
    )
    .optional(),
  service: z
    .strictObject({
      hosts: z.enum(HOSTS_SETTINGS).optional(),
      webSearch: z.enum(WEB_SEARCH_FORMS).optional(),
      listsTools: flag,
      checksUserAgent: flag,
      takesSsoTokenType: flag,
    })
    .optional(),
});
