/** The table of wire profile members in docs/wire-profiles.md; a test compares the two. */
import { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { wireProfileSchema } from './profile-schema.ts';

export function wireProfileMarkdown(): string {
  // zod returns JSON.
  const schema = z.toJSONSchema(wireProfileSchema(), {
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
  }) as JsonObject;
  return ['| member | value | meaning |', '|---|---|---|', ...rowsOf(schema, '')].join('\n');
}

/** Members with the schema of another member; the table describes that schema once. */
const SAME_AS: Readonly<Record<string, string>> = {
  controlPlane: 'streaming',
  mcp: 'streaming',
  mcpRest: 'streaming',
  'operations.ListAvailableModels': 'operations.GenerateAssistantResponse',
  'operations.ListAvailableProfiles': 'operations.GenerateAssistantResponse',
  'operations.GetProfile': 'operations.GenerateAssistantResponse',
  'operations.GetUsageLimits': 'operations.GenerateAssistantResponse',
  'operations.GenerateCompletions': 'operations.GenerateAssistantResponse',
};

function rowsOf(schema: JsonObject, path: string): string[] {
  const members = isJsonObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(members).flatMap(([name, member]) => {
    if (!isJsonObject(member)) return [];
    const at = path === '' ? name : `${path}.${name}`;
    const same = SAME_AS[at];
    const value = same === undefined ? typeOf(member) : `as \`${same}\``;
    const optional = required.includes(name) ? '' : ', optional';
    const row = `| \`${at}\` | ${value}${optional} | ${escaped(textOf(member.description))} |`;
    const inner = isJsonObject(member.items) ? member.items : member;
    return [row, ...(same === undefined ? rowsOf(inner, isJsonObject(member.items) ? `${at}[]` : at) : [])];
  });
}

function typeOf(schema: JsonObject): string {
  const values = Array.isArray(schema.enum) ? schema.enum : undefined;
  if (values) return values.map((value) => `\`${String(value)}\``).join(' or ');
  switch (schema.type) {
    case 'array':
      return isJsonObject(schema.items) && schema.items.type === 'object' ? 'a list' : 'a list of strings';
    case 'object':
      return 'an object';
    case 'integer':
      return 'an integer';
    case 'boolean':
      return '`true` or `false`';
    case 'number':
      return 'a number';
    default:
      return 'a string';
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
