/**
 * Tools with a kind instead of a name and a schema, all run by the client. The model is offered a function, and its
 * call is written as an item of that kind. Kinds and fields:
 * https://platform.openai.com/docs/guides/tools (`local_shell`, `shell`, `apply_patch`, `tool_search`).
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

export type TypedKind = 'tool_search' | 'local_shell' | 'shell' | 'apply_patch';

interface TypedTool {
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** Prefix of its items' ids. */
  readonly idPrefix: string;
  readonly callType: string;
  /** Converts the model's input to the fields of the item. */
  toFields(input: JsonObject): JsonObject;
  /** Converts an item in the history to the model's input. */
  toInput(item: JsonObject): JsonValue;
}

export const TYPED_TOOLS: Record<TypedKind, TypedTool> = {
  tool_search: {
    description:
      'Finds tools that are not offered yet, by what they do. You can call the found tools from your next answer on.',
    inputSchema: object({ query: text('What the tool should do.'), limit: integer('How many at most.') }, ['query']),
    idPrefix: 'tsc_',
    callType: 'tool_search_call',
    toFields: (input) => ({ execution: 'client', arguments: input }),
    toInput: (item) => item.arguments ?? {},
  },
  local_shell: {
    description: "Runs one command on the user's machine and returns what it wrote.",
    inputSchema: object(
      {
        command: texts('Program and arguments; for a line of shell: ["bash", "-lc", "…"].'),
        working_directory: text('Where to run it.'),
        timeout_ms: integer('Milliseconds after which it is stopped.'),
      },
      ['command'],
    ),
    idPrefix: 'lsh_',
    callType: 'local_shell_call',
    toFields: ({ command, working_directory: directory, timeout_ms: timeout, env, user }) => ({
      action: {
        type: 'exec',
        command: typeof command === 'string' ? ['bash', '-lc', command] : textsIn(command),
        env: isJsonObject(env) ? env : {},
        ...(typeof directory === 'string' ? { working_directory: directory } : {}),
        ...(typeof timeout === 'number' ? { timeout_ms: timeout } : {}),
        ...(typeof user === 'string' ? { user } : {}),
      },
    }),
    toInput: ({ action }) => (isJsonObject(action) ? without(action, 'type') : {}),
  },
  shell: {
    description: "Runs shell commands on the user's machine, one after the other, and returns what each wrote.",
    inputSchema: object(
      {
        commands: texts('The commands, each a line of shell.'),
        timeout_ms: integer('Milliseconds after which each is stopped.'),
        max_output_length: integer('How many characters of output to return at most.'),
      },
      ['commands'],
    ),
    idPrefix: 'sh_',
    callType: 'shell_call',
    toFields: ({ commands, timeout_ms: timeout, max_output_length: length }) => ({
      action: {
        commands: typeof commands === 'string' ? [commands] : textsIn(commands),
        timeout_ms: typeof timeout === 'number' ? timeout : null,
        max_output_length: typeof length === 'number' ? length : null,
      },
      environment: { type: 'local' },
    }),
    toInput: ({ action }) => (isJsonObject(action) ? action : {}),
  },
  apply_patch: {
    description:
      'Creates, changes or deletes one file. For create_file every line of the diff begins with "+". For update_file ' +
      'the diff has sections that begin with "@@", a few unchanged lines around each change, "-" before removed and ' +
      '"+" before added lines; there are no line numbers.',
    inputSchema: object(
      {
        type: { type: 'string', enum: ['create_file', 'update_file', 'delete_file'] },
        path: text('Path of the file, relative to the working directory.'),
        diff: text('What changes; not for delete_file.'),
      },
      ['type', 'path'],
    ),
    idPrefix: 'apc_',
    callType: 'apply_patch_call',
    toFields: ({ type, path, diff }) => ({
      operation: {
        type: type === 'create_file' || type === 'delete_file' ? type : 'update_file',
        path: typeof path === 'string' ? path : '',
        ...(type === 'delete_file' ? {} : { diff: typeof diff === 'string' ? diff : '' }),
      },
    }),
    toInput: ({ operation }) => operation ?? {},
  },
};

export function isTypedKind(kind: string): kind is TypedKind {
  return Object.hasOwn(TYPED_TOOLS, kind);
}

function textsIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))) : [];
}

function without(value: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

function object(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: 'object', properties, required };
}

function text(description: string): JsonObject {
  return { type: 'string', description };
}

function texts(description: string): JsonObject {
  return { type: 'array', items: { type: 'string' }, description };
}

function integer(description: string): JsonObject {
  return { type: 'integer', description };
}
