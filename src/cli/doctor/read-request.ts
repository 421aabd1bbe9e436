/**
 * Reads a captured client request from a file: the JSON body of any API, a curl command as browsers and terminals copy it,
 * a HAR of a browser's or proxy's recording, or a capsule.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { PROTOCOLS } from '../../protocols/index.ts';
import type { ClientProtocol } from '../../protocols/protocol.ts';

export interface CapturedRequest {
  readonly protocol: ClientProtocol;
  readonly body: JsonValue;
  /** `a HAR`, `a curl command`, … */
  readonly source: string;
}

/** Throws FileError: it names what is missing. */
export function readRequest(text: string): CapturedRequest {
  const trimmed = text.trimStart();
  if (/^(?:\$ )?curl(?:\.exe)?\s/.test(trimmed)) return fromCurl(trimmed);
  const value = parsed(text, 'The file is neither JSON nor a curl command');
  if (!isJsonObject(value)) throw new FileError('The file is JSON, but not an object.');
  if (isJsonObject(value.log)) return fromHar(value.log);
  if (isJsonObject(value.request) && 'body' in value.request) return fromCapsule(value.request);
  return { protocol: protocolOf(undefined, value), body: value, source: 'a request body' };
}

export class FileError extends Error {
  override readonly name = 'FileError';
}

function fromCapsule(request: JsonObject): CapturedRequest {
  const body =
    typeof request.body === 'string' ? parsed(request.body, 'The body of the request is not JSON') : request.body;
  return { protocol: protocolOf(textOf(request.path ?? request.url), body), body: body ?? null, source: 'a capsule' };
}

/** The last request to a path that dragoman serves. */
function fromHar({ entries }: JsonObject): CapturedRequest {
  const requests = (Array.isArray(entries) ? entries : []).flatMap((entry): JsonObject[] =>
    isJsonObject(entry) && isJsonObject(entry.request) ? [entry.request] : [],
  );
  for (const { url, postData } of requests.toReversed()) {
    const text = isJsonObject(postData) ? textOf(postData.text) : undefined;
    if (text === undefined || !protocolOfPath(textOf(url))) continue;
    const body = parsed(text, `The body of the request to ${textOf(url)} is not JSON`);
    return { protocol: protocolOf(textOf(url), body), body, source: 'a HAR' };
  }
  throw new FileError('The HAR has no request with a body to a path such as /v1/chat/completions.');
}

const DATA_OPTIONS: ReadonlySet<string> = new Set([
  '-d',
  '--data',
  '--data-raw',
  '--data-binary',
  '--data-ascii',
  '--json',
]);

function fromCurl(command: string): CapturedRequest {
  const words = shellWords(command.replace(/^\$ /, ''));
  let url: string | undefined;
  const data: string[] = [];
  for (let index = 1; index < words.length; index++) {
    const word = words[index] ?? '';
    const [, option = word, attached] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    if (DATA_OPTIONS.has(option)) data.push(attached ?? words[++index] ?? '');
    else if (/^https?:\/\//.test(word)) url = word;
  }
  const text = data.join('&');
  if (text === '') throw new FileError('The curl command has no data (-d, --data-raw, --json).');
  if (text.startsWith('@'))
    throw new FileError(`The curl command reads its data from ${text.slice(1)}. Pass that file instead.`);
  const body = parsed(text, 'The data of the curl command is not JSON');
  return { protocol: protocolOf(url, body), body, source: 'a curl command' };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** POSIX quoting, and `$'…'` as browsers write it. */
function shellWords(command: string): string[] {
  const words: string[] = [];
  const token =
    /\$'((?:[^'\\]|\\[\s\S])*)'|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\(\r?\n|[\s\S])|([^\s'"\\$]+|\$)|(\s+)/g;
  let word: string | undefined;
  for (const [, ansi, single, double, escaped, plain, space] of command.matchAll(token)) {
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    // A backslash before a line break joins the lines.
    if (escaped !== undefined && /^\r?\n$/.test(escaped)) continue;
    const piece = single ?? plain ?? escaped ?? double?.replaceAll(/\\([$`"\\])/g, '$1') ?? unescapeAnsi(ansi ?? '');
    word = (word ?? '') + piece;
  }
  return word === undefined ? words : [...words, word];
}

function unescapeAnsi(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{1,4})|x([0-9a-fA-F]{1,2})|([\s\S]))/g, (_all, unicode, hex, one) => {
    const code = unicode ?? hex;
    return code === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(code, 16));
  });
}

function protocolOf(url: string | undefined, body: JsonValue | undefined): ClientProtocol {
  const named = protocolOfPath(url);
  if (named) return named;
  const id = isJsonObject(body) ? idOfBody(body) : undefined;
  const protocol = PROTOCOLS.find((one) => one.id === id);
  if (protocol) return protocol;
  throw new FileError('The request is not one of Chat Completions, Responses, Messages or Completions.');
}

function protocolOfPath(url: string | undefined): ClientProtocol | undefined {
  const path = url?.replace(/[?#].*$/s, '');
  return PROTOCOLS.find(({ routes }) =>
    routes.some(({ method, path: route, operation }) => {
      return method === 'POST' && operation !== 'count-tokens' && path?.endsWith(route.replace(/^\/v1/, '')) === true;
    }),
  );
}

/** By the members that only one API has; every endpoint reads the other APIs' parts too. */
function idOfBody(body: JsonObject): string | undefined {
  if ('prompt' in body && !('messages' in body)) return 'openai-completions';
  if ('input' in body && !('messages' in body)) return 'openai-responses';
  if (!('messages' in body)) return undefined;
  const tools = Array.isArray(body.tools) ? body.tools : [];
  const isAnthropic =
    'system' in body ||
    'anthropic_version' in body ||
    tools.some((tool) => isJsonObject(tool) && 'input_schema' in tool);
  return isAnthropic ? 'anthropic-messages' : 'openai-chat';
}

function parsed(text: string, problem: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${problem}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
