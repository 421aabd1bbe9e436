/** Sends one request to a client API of this gateway and reads its stream. */
import { errorOf, offline } from '../../api/error.ts';
import { sessionHeaders } from '../../api/request.ts';
import type { ChatProtocol, ClientRequest, Delta } from './conversation.ts';

/** What the gateway says about a request, in the headers of its answer. */
export interface Headers {
  readonly requestId: string | undefined;
  readonly adjustments: readonly string[];
  /** As in the header: a dictionary of RFC 8941. */
  readonly route: string | undefined;
}

export interface ExchangeListener {
  readonly onHeaders: (headers: Headers) => void;
  readonly onEvent: (raw: string) => void;
  readonly onDelta: (delta: Delta) => void;
}

/** Resolves when the stream ends. Rejects with ApiError, or when the signal aborts. */
export async function send(
  request: ClientRequest,
  read: ChatProtocol['read'],
  listener: ExchangeListener,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(request.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...request.headers, ...sessionHeaders() },
    body: JSON.stringify(request.body),
    signal,
  }).catch((cause: unknown) => {
    if (signal.aborted) throw cause;
    throw offline(cause);
  });
  listener.onHeaders(headersOf(response));
  if (!response.ok || response.body === null) throw await errorOf(response);
  for await (const raw of eventsOf(response.body)) {
    listener.onEvent(raw);
    const data = dataOf(raw);
    if (data !== undefined) for (const delta of read(data)) listener.onDelta(delta);
  }
}

function headersOf({ headers }: Response): Headers {
  const adjustments = headers.get('x-dragoman-adjustments') ?? '';
  return {
    requestId: headers.get('x-request-id') ?? undefined,
    adjustments: adjustments === '' ? [] : adjustments.split('; '),
    route: headers.get('x-dragoman-route') ?? undefined,
  };
}

/** Server-sent events, each as its lines. */
async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    rest += value ?? '';
    const events = rest.split(/\r?\n\r?\n/);
    rest = events.pop() ?? '';
    yield* events.filter((event) => event.trim() !== '');
    if (done) return;
  }
}

function dataOf(raw: string): unknown {
  const data = raw
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trim()] : []))
    .join('\n');
  if (data === '' || data === '[DONE]') return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

export interface RouteFacts {
  readonly account?: string;
  readonly model?: string;
  readonly profile?: string;
  readonly attempt?: string;
  readonly strategy?: string;
  /** Milliseconds. */
  readonly waited?: string;
  /** `a2 (cooling, 28 s)` */
  readonly skipped: readonly string[];
}

/** `account="a1", model="m", attempt=2, passed=("a2";why=cooling;for=28)`. */
export function parseRoute(header: string): RouteFacts {
  const passed = /passed=\(([^)]*)\)/.exec(header)?.[1] ?? '';
  const skipped = [...passed.matchAll(/"([^"]*)"((?:;[^ ;]+)*)/g)].map(([, account = '', members = '']) => {
    const why = /why=([\w-]+)/.exec(members)?.[1];
    const seconds = /for=(\d+)/.exec(members)?.[1];
    const details = [why, seconds && `${seconds} s`].filter(Boolean).join(', ');
    return details === '' ? account : `${account} (${details})`;
  });
  const members = [...header.replace(/passed=\([^)]*\)/, '').matchAll(/(\w+)=(?:"([^"]*)"|([^,\s]+))/g)];
  return { ...Object.fromEntries(members.map(([, name, quoted, bare]) => [name, quoted ?? bare])), skipped };
}
