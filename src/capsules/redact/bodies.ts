/** Bodies and streams of documents, in which the arguments of one tool call may be spread over many. */
import { isJsonObject, type JsonValue } from '../../core/json.ts';
import { rewriteJson } from './json-text.ts';
import { documentPlace, type Keeping, replaceJson } from './places.ts';
import type { Replacements } from './replacements.ts';

/** A body that should be JSON. */
export function replaceBody(body: string, to: Replacements, keeping: Keeping = {}): string {
  return rewriteJson(body, documentPlace(to, undefined, keeping)) ?? to.text(body);
}

/** The service's answer to a request that it refused, in whatever form. */
export function replaceRefusal(body: string, to: Replacements): string {
  return rewriteJson(body, documentPlace(to)) ?? to.message(body);
}

/** A reply to a client: JSON, or events with JSON in their data lines. */
export function replaceReply(body: string, to: Replacements): string {
  if (/^\s*[[{]/.test(body)) return replaceBody(body, to);
  const lines = body.split('\n');
  const places = lines.flatMap((line, index) => (line.startsWith(DATA) && isJson(line) ? [index] : []));
  const documents = replaceDocuments(
    places.map((index) => (lines[index] ?? '').slice(DATA.length)),
    to,
  );
  for (const [index, place] of places.entries()) lines[place] = DATA + documents[index];
  return lines.map((line) => (isEventLine(line) ? line : to.message(line))).join('\n');
}

const DATA = 'data: ';

function isJson(line: string): boolean {
  return line.charAt(DATA.length) === '{';
}

function isEventLine(line: string): boolean {
  return (
    line === '' || line === 'data: [DONE]' || (line.startsWith(DATA) && isJson(line)) || /^event: [a-z._]+$/.test(line)
  );
}

/** One stream's documents, in order. */
export function replaceDocuments(documents: readonly string[], to: Replacements): string[] {
  const groups = new Map<string, Fragment[]>();
  const overrides = documents.map((text, index) => {
    const paths = new Map<string, string>();
    for (const fragment of fragmentsIn(text)) {
      const group = groups.get(fragment.group) ?? [];
      groups.set(fragment.group, group);
      group.push({ ...fragment, index });
      paths.set(fragment.path, fragment.text);
    }
    return paths;
  });
  for (const [name, fragments] of groups) {
    const pieces = replaceFragments(name, fragments, to);
    for (const [at, { index, path }] of fragments.entries()) overrides[index]?.set(path, pieces[at] ?? '');
  }
  return documents.map((text, index) => rewriteJson(text, documentPlace(to, overrides[index])) ?? to.text(text));
}

interface FoundFragment {
  /** The same for the fragments of one text. */
  readonly group: string;
  readonly path: string;
  readonly text: string;
}

interface Fragment extends FoundFragment {
  readonly index: number;
}

function replaceFragments(group: string, fragments: readonly Fragment[], to: Replacements): string[] {
  const whole = fragments.map(({ text }) => text).join('');
  const replaced = group === TEXT ? to.text(whole) : replaceJson(whole, to);
  let at = 0;
  return fragments.map(({ text }, index) => {
    // Numbered names are shorter or longer than the names: then the lengths of the fragments are compared instead.
    if (replaced.length !== whole.length) return `${index === 0 ? replaced : ''}|${text.length}`;
    at += text.length;
    return replaced.slice(at - text.length, at);
  });
}

const TEXT = 'text';
function fragmentsIn(text: string): readonly FoundFragment[] {
  if (!/"(?:partial_json|arguments|input|delta|content)"/.test(text)) return [];
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!isJsonObject(value)) return [];
  return [...ofService(value), ...ofMessages(value), ...ofChat(value), ...ofResponses(value)];
}

type Members = { readonly [key: string]: JsonValue };

function* ofService({ toolUseId, input, content, modelId }: Members): Generator<FoundFragment> {
  if (typeof toolUseId === 'string' && typeof input === 'string')
    yield { group: `tool ${toolUseId}`, path: 'input', text: input };
  if (typeof content === 'string' && (modelId === undefined || typeof modelId === 'string'))
    yield { group: TEXT, path: 'content', text: content };
}

function* ofMessages({ type, index, delta }: Members): Generator<FoundFragment> {
  if (type !== 'content_block_delta' || !isJsonObject(delta) || typeof delta.partial_json !== 'string') return;
  yield { group: `block ${index}`, path: 'delta/partial_json', text: delta.partial_json };
}

function* ofChat({ choices }: Members): Generator<FoundFragment> {
  if (!Array.isArray(choices)) return;
  for (const [at, choice] of choices.entries()) {
    const calls = isJsonObject(choice) && isJsonObject(choice.delta) ? choice.delta.tool_calls : undefined;
    if (!isJsonObject(choice) || !Array.isArray(calls)) continue;
    for (const [place, call] of calls.entries()) {
      const called = isJsonObject(call) && isJsonObject(call.function) ? call.function.arguments : undefined;
      if (!isJsonObject(call) || typeof called !== 'string') continue;
      const path = `choices/${at}/delta/tool_calls/${place}/function/arguments`;
      yield { group: `call ${choice.index} ${call.index}`, path, text: called };
    }
  }
}

function* ofResponses({ type, item_id: item, delta }: Members): Generator<FoundFragment> {
  if (type === 'response.function_call_arguments.delta' && typeof delta === 'string')
    yield { group: `item ${item}`, path: 'delta', text: delta };
}
