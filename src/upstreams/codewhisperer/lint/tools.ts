/** Lint rules on tools: their declarations, uses and results. */

import type { Turn } from '../../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import { knownSchemas } from '../known-schemas.ts';
import type { WireProfile } from '../profiles.ts';
import type { ToolResult, ToolSpecification, ToolUse } from '../wire.ts';
import type { LintInput } from './rules.ts';

export function lintTools(input: LintInput): void {
  const declared = lintDeclarations(input);
  lintUses(input, declared);
}

function lintDeclarations(input: LintInput): ReadonlySet<string> {
  const { messages, profile, conversation, report } = input;
  const last = messages.at(-1);
  const entries =
    last && 'userInputMessage' in last ? (last.userInputMessage.userInputMessageContext?.tools ?? []) : [];
  const specifications = entries.flatMap((entry) => ('toolSpecification' in entry ? entry.toolSpecification : []));
  const lowerCase = new Set<string>();
  for (const [index, specification] of specifications.entries()) {
    const { name, description } = specification;
    const at = conversation?.tools[index]?.at;
    lintName(name, at, input);
    if (lowerCase.has(name.toLowerCase())) {
      report('tool-duplicate', `Two tools are named ${name}, ignoring case. Rename one.`, at);
    }
    lowerCase.add(name.toLowerCase());
    if (description !== undefined && !fitsDescription(description, profile.limits.toolDescriptionChars)) {
      report('tool-description', `The description of the tool ${name} is empty or too long.`, at);
    }
    lintSchema(specification, at, input);
  }
  return new Set(specifications.map(({ name }) => name));
}

function fitsDescription(description: string, maxChars: number): boolean {
  return description !== '' && description.length <= maxChars;
}

function lintName(name: string, at: string | undefined, { profile, report }: LintInput): void {
  const { toolNamePattern, toolNameChars } = profile.limits;
  if (name.length <= toolNameChars && toolNamePattern.test(name)) return;
  const limit = `${toolNameChars} characters of letters, digits, _ and -`;
  report(
    'tool-name-pattern',
    `The service refuses the tool name ${JSON.stringify(name)}. Names are up to ${limit}.`,
    at,
  );
}

function lintSchema({ name, inputSchema }: ToolSpecification, at: string | undefined, input: LintInput): void {
  const { profile, report } = input;
  const root = inputSchema.json;
  if (!isPlainRoot(root)) {
    report('tool-schema-root', `The schema of the tool ${name} is not a plain object at its root.`, at);
  }
  const { schemas } = profile;
  const fault = knownSchemas.faultIn(root, schemas, faultOf);
  if (fault)
    report(
      'tool-schema-keyword',
      `The schema of the tool ${name} has ${fault}, which the service refuses. Remove it.`,
      at,
    );
}

/** The JSON of a sanitized schema. undefined: the service refuses it, or it was not sanitized here. */
export function acceptedSchemaJson(root: JsonValue | undefined, { schemas }: WireProfile): Buffer | undefined {
  if (!isJsonObject(root) || !isPlainRoot(root) || knownSchemas.faultIn(root, schemas, faultOf)) return undefined;
  return knownSchemas.jsonOf(root);
}

function isPlainRoot(root: JsonObject): boolean {
  const isObject = root.type === 'object' && isJsonObject(root.properties);
  return isObject && !('oneOf' in root || 'anyOf' in root || 'allOf' in root);
}

function faultOf(root: JsonObject, { removedKeywords, dropEmptyRequired }: WireProfile['schemas']): string | undefined {
  return schemaFault(root, removedKeywords, dropEmptyRequired);
}

const DATA: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'examples']);
const REFERENCES: ReadonlySet<string> = new Set(['$ref', '$defs', 'definitions']);
const MAPS: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'dependentSchemas']);

/** The first keyword in the schema that the service refuses. */
function schemaFault(schema: JsonObject, removed: ReadonlySet<string>, noEmptyRequired: boolean): string | undefined {
  // Here and in schema.ts: JSON objects inherit nothing, and the pairs of `Object.entries` would be thrown away at once.
  for (const keyword in schema) {
    const value = schema[keyword];
    if (value === undefined || DATA.has(keyword)) continue;
    if (value === null) return `null for "${keyword}"`;
    if (removed.has(keyword) || REFERENCES.has(keyword)) return `"${keyword}"`;
    if (typeof value !== 'object') continue;
    if (keyword === 'required' && noEmptyRequired && Array.isArray(value) && value.length === 0)
      return 'an empty "required"';
    const inner: readonly JsonValue[] =
      MAPS.has(keyword) && isJsonObject(value) ? Object.values(value) : Array.isArray(value) ? value : [value];
    for (const item of inner) {
      if (item === null) return `null in "${keyword}"`;
      const fault = isJsonObject(item) ? schemaFault(item, removed, noEmptyRequired) : undefined;
      if (fault) return fault;
    }
  }
  return undefined;
}

function lintUses(input: LintInput, declared: ReadonlySet<string>): void {
  const { messages, conversation, report } = input;
  const ids = new Set<string>();
  let uses: readonly ToolUse[] = [];
  for (const [index, message] of messages.entries()) {
    if ('assistantResponseMessage' in message) {
      // Uses that no user message follows directly are reported there as unanswered.
      uses = message.assistantResponseMessage.toolUses ?? [];
      const places = placesOfUses(conversation?.turns[index]);
      for (const use of uses) {
        const at = places.get(use.toolUseId);
        lintUse(use, at, input, ids);
        if (!declared.has(use.name)) report('tool-declared', `The tool ${use.name} was used but is not declared.`, at);
      }
      continue;
    }
    const results = message.userInputMessage.userInputMessageContext?.toolResults ?? [];
    lintResults(uses, results, conversation?.turns[index]?.at, input);
    uses = [];
  }
}

/** Tool use id → the client's path of the first use in the turn with that id. */
function placesOfUses(turn: Turn | undefined): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const part of turn?.parts ?? [])
    if (part.type === 'tool-use' && !places.has(part.toolUseId)) places.set(part.toolUseId, part.at);
  return places;
}

function lintUse(use: ToolUse, at: string | undefined, input: LintInput, ids: Set<string>): void {
  const { profile, report } = input;
  lintName(use.name, at, input);
  const { toolUseIdPattern, toolUseIdChars } = profile.limits;
  if (use.toolUseId.length > toolUseIdChars || !toolUseIdPattern.test(use.toolUseId)) {
    report('tool-use-id', 'The service refuses the id of a tool call.', at);
  }
  if (ids.has(use.toolUseId)) report('tool-use-id', `The tool call id ${use.toolUseId} is used twice.`, at);
  ids.add(use.toolUseId);
  if (!isJsonObject(use.input)) report('tool-use-input', `The arguments of ${use.name} are not a JSON object.`, at);
  else if (hasEmptyKey(use.input)) report('tool-use-input', `The arguments of ${use.name} have an empty key.`, at);
}

function hasEmptyKey(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!isJsonObject(value)) return value.some(hasEmptyKey);
  for (const key in value) if (key === '' || hasEmptyKey(value[key] ?? null)) return true;
  return false;
}

function lintResults(
  uses: readonly ToolUse[],
  results: readonly ToolResult[],
  at: string | undefined,
  { report }: LintInput,
): void {
  const useIds = uses.map((use) => use.toolUseId);
  const resultIds = results.map((result) => result.toolUseId);
  const answered = new Set(resultIds);
  if (useIds.length !== resultIds.length || useIds.some((id) => !answered.has(id))) {
    const message = `The previous message has ${useIds.length} tool calls, and this one has ${resultIds.length} results`;
    report('tool-result-pairing', `${message}; each call needs exactly one result with its id.`, at);
  } else if (useIds.some((id, index) => id !== resultIds[index])) {
    report('tool-result-order', 'Tool results are not in the order of their calls.', at);
  }
  for (const { content } of results) {
    if (content.some((block) => 'json' in block || block.text !== '')) continue;
    report('tool-result-content', 'A tool result has no text.', at);
  }
}
