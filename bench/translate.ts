/**
 * Measures translation alone, without sockets, in its own process: how long a request of 1 MB blocks the event loop, and what
 * a text frame costs if its text is copied escaped or parsed and serialised again. Reports its figures and exits.
 */

import type { ReplyEvent } from '../src/core/reply.ts';
import { runAtOnce } from '../src/core/steps.ts';
import { TextPiece } from '../src/core/text.ts';
import { estimated } from '../src/core/usage.ts';
import { EventStreamDecoder } from '../src/framing/event-stream.ts';
import { PROTOCOLS } from '../src/protocols/index.ts';
import type { ClientProtocol, RequestContext } from '../src/protocols/protocol.ts';
import { createDecoder } from '../src/upstreams/codewhisperer/decode.ts';
import { codewhisperer } from '../src/upstreams/codewhisperer/index.ts';
import type { Access } from '../src/upstreams/upstream.ts';
import { largeAnthropicBody, largeOpenaiBody } from './large-conversation.ts';
import { burstReply } from './replies.ts';
import { median } from './statistics.ts';

export interface TranslationFigures {
  readonly protocol: string;
  /** From 1 MB of JSON text to the upstream's request text. `first` is the first run of a new process. */
  readonly largeRequestMs: { readonly median: number; readonly worst: number; readonly first: number };
  readonly largeRequestBytes: number;
  /** From the bytes of a text frame to the client's text. */
  readonly frameEscapedNs: number;
  readonly frameParsedNs: number;
  /** The usual way: JSON.parse of the payload, JSON.stringify of a Chat Completions chunk. */
  readonly frameObjectsNs: number;
}

const RUNS = 40;
const WARM_UP_RUNS = 10;
const FRAMES = 1000;

const ACCESS: Access = {
  region: 'us-east-1',
  profileArn: undefined,
  wireProfile: 'q-rest',
  baseUrl: undefined,
  kind: 'builder-id',
};
const CONTEXT: RequestContext = { header: () => undefined, nowMs: 0 };

function figuresOf(protocol: ClientProtocol, largeBody: string): TranslationFigures {
  const timesMs = Array.from({ length: RUNS }, () => timeMs(() => encodeLarge(protocol, largeBody)));
  const warm = timesMs.slice(WARM_UP_RUNS);
  const [first = Number.NaN] = timesMs;
  return {
    protocol: protocol.id,
    largeRequestMs: { median: median(warm), worst: Math.max(...warm), first },
    largeRequestBytes: Buffer.byteLength(largeBody),
    ...frameTimes(protocol),
  };
}

const ID = '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a11';
const IDS = { conversationId: ID, rootConversationId: ID, continuationId: ID };

/** Everything between a body's last byte and the upstream's first one, except choosing the account. */
function encodeLarge(protocol: ClientProtocol, body: string): number {
  const request = runAtOnce(protocol.parseRequest(JSON.parse(body), CONTEXT));
  if (!('conversation' in request)) throw new Error(`${protocol.id} read no conversation in the large request.`);
  const { conversation } = request;
  const model = codewhisperer.resolveModel(conversation.model, { models: [], defaultModelId: undefined });
  const encoded = runAtOnce(
    codewhisperer.encodeChat(conversation, {
      access: ACCESS,
      model,
      ids: IDS,
      invocation: { id: '0f6f4c9e-7a55-4f0b-8c43-1e0c6c0b8a12', attempt: 1 },
      sendEnvironment: false,
      withoutReasoningHistory: false,
      recoverToolCalls: false,
    }),
  );
  return encoded.request.body?.length ?? 0;
}

/** Runs all variants in turn, so that none benefits from a warmer machine. */
function frameTimes(protocol: ClientProtocol): Pick<TranslationFigures, `frame${string}Ns` & keyof TranslationFigures> {
  const { body } = burstReply(FRAMES);
  const request = runAtOnce(
    protocol.parseRequest(
      { model: 'm', stream: true, max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] },
      CONTEXT,
    ),
  );
  const translate = (change: (event: ReplyEvent) => ReplyEvent) => {
    const decoder = createDecoder({
      model: undefined,
      toolNames: new Map(),
      requiredArguments: new Map(),
      inputTokens: estimated(1),
      thinkingTags: false,
      header: () => undefined,
      expectsClosingEvents: false,
      note: () => {},
    });
    const writer = protocol.createWriter(request, protocol.replyId('a'.repeat(24)));
    let text = '';
    for (const event of [...decoder.push(body), ...decoder.end()]) text += writer.write(change(event));
    return Buffer.byteLength(text);
  };
  const escaped: number[] = [];
  const parsed: number[] = [];
  const objects: number[] = [];
  for (let run = 0; run < 300; run++) {
    escaped.push(timeMs(() => translate((event) => event)));
    parsed.push(timeMs(() => translate(reprinted)));
    objects.push(timeMs(() => translateAsObjects(body)));
  }
  const frameNs = (timesMs: readonly number[]) => (median(timesMs.slice(100)) * 1e6) / FRAMES;
  return { frameEscapedNs: frameNs(escaped), frameParsedNs: frameNs(parsed), frameObjectsNs: frameNs(objects) };
}

/** The same event with its text parsed, so that the writer must serialise it. */
function reprinted(event: ReplyEvent): ReplyEvent {
  return event.type === 'text-delta' ? { ...event, text: TextPiece.plain(event.text.plain) } : event;
}

/** The usual way without neutral events, blocks, usage and errors, as a lower bound. */
function translateAsObjects(body: Buffer): number {
  let text = '';
  for (const frame of new EventStreamDecoder().push(body)) {
    const { content } = JSON.parse(frame.text());
    if (typeof content !== 'string') continue;
    const choices = [{ index: 0, delta: { content }, finish_reason: null }];
    text += `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
  }
  return Buffer.byteLength(text);
}

function timeMs(work: () => number): number {
  const startMs = performance.now();
  if (work() === 0) throw new Error('the translation produced nothing');
  return performance.now() - startMs;
}

const BODIES: Readonly<Record<string, () => string>> = {
  'openai-chat': largeOpenaiBody,
  'anthropic-messages': largeAnthropicBody,
};

process.send?.(
  PROTOCOLS.flatMap((protocol) => {
    const body = BODIES[protocol.id];
    return body ? [figuresOf(protocol, body())] : [];
  }),
);
process.disconnect?.();
