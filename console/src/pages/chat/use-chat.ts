/** The state of a chat: its messages, the answer that arrives, and what was seen of each request. */
import { useEffect, useRef, useState } from 'react';
import { ApiError } from '../../api/error.ts';
import {
  type ChatOptions,
  type ChatProtocol,
  type ClientRequest,
  type Delta,
  extend,
  type Message,
  type Part,
  runTool,
  type Usage,
} from './conversation.ts';
import { type Headers, send } from './exchange.ts';
import { chatCompletions } from './protocols/chat-completions.ts';
import { messages as messagesApi } from './protocols/messages.ts';
import { responses } from './protocols/responses.ts';

export const PROTOCOLS = { chat: chatCompletions, responses, messages: messagesApi } as const satisfies Record<
  string,
  ChatProtocol
>;
export type ProtocolName = keyof typeof PROTOCOLS;

/** What was seen of one request. */
export interface Exchange {
  readonly request: ClientRequest;
  readonly headers: Headers | undefined;
  /** The events as they came; the oldest are left out after a while. */
  readonly events: readonly string[];
  readonly eventCount: number;
  readonly firstTextMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly usage: Usage | undefined;
}

export type Entry = Message & { readonly exchange?: Exchange; readonly wasStopped?: boolean };

const MAX_EVENTS = 400;
/** A model that calls its tool again and again stops here. */
const MAX_ROUNDS = 5;

export function useChat(protocol: ProtocolName, options: ChatOptions) {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [isAnswering, setIsAnswering] = useState(false);
  const [error, setError] = useState<Error | undefined>();
  const stopping = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stopping.current?.abort(), []);
  const ask = async (parts: readonly Part[]) => {
    const abort = new AbortController();
    stopping.current = abort;
    setError(undefined);
    setIsAnswering(true);
    let all: readonly Entry[] = [...entries, { role: 'user', parts }];
    const show = (next: readonly Entry[]) => {
      all = next;
      setEntries(next);
    };
    show(all);
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const before = all;
        const answered = await answer(PROTOCOLS[protocol], before, options, abort.signal, (entry) =>
          show([...before, entry]),
        );
        const results = answered.flatMap((part): readonly Entry[] =>
          part.type === 'tool-call' ? [{ role: 'tool', callId: part.id, output: runTool(part.json) }] : [],
        );
        if (results.length === 0) break;
        show([...all, ...results]);
      }
    } catch (cause) {
      if (!abort.signal.aborted) setError(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setIsAnswering(false);
    }
  };
  const clear = () => {
    stopping.current?.abort();
    setEntries([]);
    setError(undefined);
  };
  return { entries, isAnswering, error, ask, stop: () => stopping.current?.abort(), clear };
}

/** One request. Shows the answer as it arrives and returns its parts. */
async function answer(
  protocol: ChatProtocol,
  before: readonly Message[],
  options: ChatOptions,
  signal: AbortSignal,
  show: (entry: Entry) => void,
): Promise<readonly Part[]> {
  const request = protocol.request(before, options);
  const beganMs = performance.now();
  let parts: readonly Part[] = [];
  const events: string[] = [];
  let exchange: Exchange = {
    ...{ request, headers: undefined, events, eventCount: 0 },
    ...{ firstTextMs: undefined, totalMs: undefined, usage: undefined },
  };
  let isPlanned = false;
  const draw = (wasStopped = false) => show({ role: 'assistant', parts, exchange, ...(wasStopped && { wasStopped }) });
  // A model writes faster than a screen is drawn.
  const drawSoon = () => {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      if (exchange.totalMs === undefined) draw();
    });
  };
  draw();
  const onDelta = (delta: Delta) => {
    if (delta.type === 'error')
      throw new ApiError(delta.message, { status: 200, code: 'stream_error', requestId: exchange.headers?.requestId });
    if (delta.type === 'usage') exchange = { ...exchange, usage: delta.usage };
    if (delta.type === 'text' && exchange.firstTextMs === undefined)
      exchange = { ...exchange, firstTextMs: performance.now() - beganMs };
    parts = extend(parts, delta);
    drawSoon();
  };
  const onEvent = (raw: string) => {
    events.push(raw);
    if (events.length > MAX_EVENTS) events.shift();
    exchange = { ...exchange, eventCount: exchange.eventCount + 1 };
  };
  try {
    await send(
      request,
      protocol.read,
      {
        onHeaders: (headers) => {
          exchange = { ...exchange, headers };
          drawSoon();
        },
        onEvent,
        onDelta,
      },
      signal,
    );
  } finally {
    exchange = { ...exchange, totalMs: performance.now() - beganMs };
    draw(signal.aborted);
  }
  return parts;
}
