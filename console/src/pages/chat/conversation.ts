/** A conversation as the chat keeps it, and what an answer brings: the same for all three APIs. */

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly name: string; readonly mediaType: string; readonly base64: string }
  | { readonly type: 'reasoning'; readonly text: string }
  | { readonly type: 'tool-call'; readonly id: string; readonly name: string; readonly json: string };

export type Message =
  | { readonly role: 'user' | 'assistant'; readonly parts: readonly Part[] }
  | { readonly role: 'tool'; readonly callId: string; readonly output: string };

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export type Delta =
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | { readonly type: 'tool-call'; readonly id: string; readonly name: string }
  | { readonly type: 'tool-json'; readonly json: string }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'error'; readonly message: string };

export interface ChatOptions {
  readonly model: string;
  /** Undefined: what the model does without a setting. */
  readonly effort: string | undefined;
  readonly withTool: boolean;
}

export interface ClientRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** How one API writes a request and reads its stream. */
export interface ChatProtocol {
  readonly request: (messages: readonly Message[], options: ChatOptions) => ClientRequest;
  /** `data`: the JSON of one server-sent event. */
  readonly read: (data: unknown) => readonly Delta[];
}

/** Appends what arrived to the parts of an answer. */
export function extend(parts: readonly Part[], delta: Delta): readonly Part[] {
  const last = parts.at(-1);
  const before = parts.slice(0, -1);
  switch (delta.type) {
    case 'text':
    case 'reasoning':
      return last?.type === delta.type
        ? [...before, { ...last, text: last.text + delta.text }]
        : [...parts, { type: delta.type, text: delta.text }];
    case 'tool-call':
      return [...parts, { type: 'tool-call', id: delta.id, name: delta.name, json: '' }];
    case 'tool-json':
      return last?.type === 'tool-call' ? [...before, { ...last, json: last.json + delta.json }] : parts;
    case 'usage':
    case 'error':
      return parts;
  }
}

export const TOOL_NAME = 'current_time';
export const TOOL_DESCRIPTION = 'Tells the current date and time of the reader.';
export const TOOL_SCHEMA = {
  type: 'object',
  properties: { timeZone: { type: 'string', description: 'An IANA time zone such as Europe/Berlin' } },
  additionalProperties: false,
};

/** Runs in the browser. An unknown time zone is reported to the model. */
export function runTool(json: string): string {
  try {
    const { timeZone } = JSON.parse(json || '{}');
    return new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'long', timeZone }).format(new Date());
  } catch (error) {
    return `Error: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A member of a value that came as JSON. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found: unknown = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string | number, unknown>)[key];
  }
  return found;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}
