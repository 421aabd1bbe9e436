/** Reads the requested output format: OpenAI's `response_format` and `text.format`, Anthropic's two fields. */
import type { OutputFormat } from '../../core/conversation.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { RULE_VALUE } from '../openai-errors.ts';
import { isShallow, refuse, refuseUnsupported } from '../shape.ts';
import { readSchema } from './arguments.ts';
import type { Api, Dialect, Reading } from './reading.ts';

interface FormatField {
  readonly at: string;
  readonly dialect: Dialect;
  valueIn(request: JsonObject): JsonValue | undefined;
}

const FIELDS: readonly FormatField[] = [
  { at: 'response_format', dialect: 'openai-chat', valueIn: ({ response_format }) => response_format },
  { at: 'text.format', dialect: 'openai-responses', valueIn: ({ text }) => inside(text, 'format') },
  { at: 'output_config.format', dialect: 'anthropic', valueIn: ({ output_config }) => inside(output_config, 'format') },
  { at: 'output_format', dialect: 'anthropic', valueIn: ({ output_format }) => output_format },
];

function inside(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) ? value[key] : undefined;
}

/** The called API's own field takes precedence. Throws for an unsupported format and for two different ones. */
export function readOutputFormat(request: object, reading: Reading): OutputFormat {
  const fields = request as JsonObject; // parsed from JSON
  let chosen: { readonly format: OutputFormat; readonly at: string } | undefined;
  for (const { at, dialect, valueIn } of ORDER[reading.api]) {
    const value = valueIn(fields);
    if (value === undefined || value === null) continue;
    reading.spelled(dialect, at, at);
    const format = readFormat(value, at, dialect, reading);
    if (chosen === undefined || chosen.format.type === 'text') chosen = { format, at };
    else if (format.type !== 'text' && !isSameFormat(chosen.format, format))
      throw refuse(at, `conflicts with the format in ${chosen.at}; send only one of them.`);
  }
  return chosen?.format ?? { type: 'text' };
}

function inOrder(api: Api): readonly FormatField[] {
  const own = FIELDS.filter(({ dialect }) => dialect === api);
  return [...own, ...FIELDS.filter(({ dialect }) => dialect !== api)];
}

const ORDER: Readonly<Record<Api, readonly FormatField[]>> = {
  'openai-chat': inOrder('openai-chat'),
  'openai-responses': inOrder('openai-responses'),
  anthropic: inOrder('anthropic'),
};

function isSameFormat(one: OutputFormat, other: OutputFormat): boolean {
  const schemas = [one, other].map((format) => (format.type === 'json-schema' ? JSON.stringify(format.schema) : ''));
  return one.type === other.type && schemas[0] === schemas[1];
}

function readFormat(value: JsonValue, at: string, dialect: Dialect, reading: Reading): OutputFormat {
  const { notes } = reading;
  const type = isJsonObject(value) ? value.type : value;
  const fields = isJsonObject(value) ? value : {};
  noteForm(fields, at, dialect, reading);
  switch (type) {
    case 'text':
      return { type: 'text' };
    // Some services accept a schema with this type too.
    case 'json_object':
      return fields.schema === undefined ? { type: 'json', at } : readSchemaFormat(fields, at, notes);
    case 'json_schema': {
      const { json_schema: nested } = fields;
      if (isJsonObject(nested)) return readSchemaFormat(nested, `${at}.json_schema`, notes, at);
      if (fields.schema === undefined && dialect !== 'openai-responses')
        throw refuse(dialect === 'anthropic' ? `${at}.schema` : `${at}.json_schema`, 'a required field is missing.');
      return readSchemaFormat(fields, at, notes);
    }
    default:
      throw refuseUnsupported(`${at}.type`, 'expected "text", "json_object" or "json_schema".', RULE_VALUE);
  }
}

/** Chat Completions nests the schema in an object; the other two have it next to the type. */
function noteForm({ json_schema: nested, schema }: JsonObject, at: string, dialect: Dialect, reading: Reading): void {
  if (dialect === 'openai-chat' && nested === undefined && schema !== undefined)
    reading.spelled('openai-responses', 'json_schema', at);
  if (dialect !== 'openai-chat' && nested !== undefined) reading.spelled('openai-chat', 'json_schema', at);
}

function readSchemaFormat(fields: JsonObject, at: string, notes: Reading['notes'], formatAt = at): OutputFormat {
  notes.addUnknown(fields, SCHEMA_KEYS, 'json_schema', at);
  if (fields.schema === undefined || fields.schema === null) return { type: 'json', at: formatAt };
  const schema = readSchema(fields.schema);
  if (!isJsonObject(schema) || !isShallow(schema)) throw refuse(`${at}.schema`, 'expected a JSON schema.');
  const name = typeof fields.name === 'string' ? fields.name : undefined;
  return { type: 'json-schema', at: `${at}.schema`, name, schema };
}

/** `strict` is the default behaviour. */
const SCHEMA_KEYS = new Set(['type', 'name', 'schema', 'strict', 'description', 'json_schema']);
