/**
 * A scripted upstream, transport and account pool for tests of the gateway. The fake wire is plain text, and `!` breaks
 * the reply.
 */

import { expect } from 'vitest';
import type { Conversation } from '../../src/core/conversation.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { NOTHING_NAMED } from '../../src/core/model-name.ts';
import type { ReplyEvent } from '../../src/core/reply.ts';
import { TextPiece } from '../../src/core/text.ts';
import { estimated } from '../../src/core/usage.ts';
import type {
  AccountPool,
  Lease,
  LeaseRequest,
  MediaTools,
  SendUpstream,
  UpstreamAnswer,
} from '../../src/gateway/ports.ts';
import type {
  AnswerContext,
  EncodeContext,
  ReplyDecoder,
  Upstream,
  UpstreamRequest,
} from '../../src/upstreams/upstream.ts';
import { conversation as buildConversation, text, user } from './conversations.ts';

/** One user message. */
export function conversation(content = 'hello', change: Partial<Conversation> = {}): Conversation {
  return buildConversation([user(text(content, 'messages[0].content'))], { model: 'some-model', ...change });
}

/**
 * Returns text unchanged. A chunk `fail:<code>` is a `reply-error` with that code, `tool` a tool use, `closing` the
 * closing events of a complete reply.
 */
class FakeDecoder implements ReplyDecoder {
  hasClosingEvents = false;
  lacksClosingEvents = false;
  readonly skipped = new Map<string, number>();
  #started = false;
  #open = false;

  push(bytes: Uint8Array): ReplyEvent[] {
    const text = Buffer.from(bytes).toString();
    const events: ReplyEvent[] = [];
    if (!this.#started) events.push({ type: 'reply-start', inputTokens: estimated(7) });
    this.#started = true;
    if (text === 'closing') this.hasClosingEvents = true;
    if (text === 'ping' || text === 'closing') return events;
    if (text.startsWith('fail:')) {
      const code = text.slice(5) as GatewayError['code']; // tests use real codes
      return [...events, ...this.#close(), { type: 'reply-error', error: new GatewayError(code, `fake ${code}`) }];
    }
    if (text === 'tool') {
      events.push(...this.#close(), { type: 'tool-use-start', toolUseId: 't', name: 'look' });
      events.push({ type: 'tool-use-delta', json: TextPiece.plain('{}') }, { type: 'tool-use-end' });
      return events;
    }
    if (!this.#open) events.push({ type: 'text-start' });
    this.#open = true;
    return [...events, { type: 'text-delta', text: TextPiece.plain(text) }];
  }

  end(cause?: unknown): ReplyEvent[] {
    if (cause !== undefined)
      return [{ type: 'reply-error', error: new GatewayError('upstream_broken', 'fake break', { cause }) }];
    this.lacksClosingEvents = !this.hasClosingEvents;
    const usage = { inputTokens: estimated(7), outputTokens: estimated(1) };
    return [...this.#close(), { type: 'reply-end', stopReason: 'end-turn', stopSequence: undefined, usage }];
  }

  #close(): ReplyEvent[] {
    if (!this.#open) return [];
    this.#open = false;
    return [{ type: 'text-end' }];
  }
}

/** For tests without images and documents. */
export const NO_MEDIA: MediaTools = {
  fetch: async () => expect.fail('nothing should be fetched'),
  fitImage: async () => undefined,
  readDocument: async () => '',
};

export interface FakeUpstream extends Upstream {
  readonly encoded: EncodeContext[];
  readonly decoded: AnswerContext[];
}

export function createFakeUpstream(): FakeUpstream {
  const encoded: EncodeContext[] = [];
  const decoded: AnswerContext[] = [];
  return {
    id: 'fake',
    encoded,
    decoded,
    resolveModel(requested, catalogue) {
      const model = catalogue.models.find(({ id }) => id === requested);
      const match = model ? 'listed' : 'unlisted';
      return { match, id: requested, model, reasoning: NOTHING_NAMED, adjustments: [] };
    },
    *encodeChat(_conversation, context) {
      encoded.push(context);
      yield;
      const request = { method: 'POST', url: 'http://upstream/chat', headers: { x: 'y' }, body: '{}' } as const;
      const inputTokens = estimated(7);
      const createDecoder = (answer: AnswerContext) => {
        decoded.push(answer);
        return new FakeDecoder();
      };
      return { request, adjustments: [], inputTokens, limitsOutput: false, createDecoder };
    },
    mediaLimits: () => ({ image: undefined, documentBytes: undefined }),
    encodeCompletion(_completion, { nextToken }) {
      const request = {
        method: 'POST',
        url: `http://upstream/complete?${nextToken ?? ''}`,
        headers: {},
        body: '{}',
      } as const;
      return { request, adjustments: [], inputTokens: estimated(5) };
    },
    decodeCompletion: (body) => JSON.parse(body),
    encodeListModels: (_access, nextToken) => ({
      method: 'GET',
      url: `http://upstream/models?${nextToken ?? ''}`,
      headers: {},
      body: undefined,
    }),
    decodeModels: (body) => JSON.parse(body),
    profiles: {
      regions: () => expect.fail('the test asks for no profiles'),
      encodeList: () => expect.fail('the test asks for no profiles'),
      decodeList: () => expect.fail('the test asks for no profiles'),
      encodeOwn: () => expect.fail('the test asks for no profiles'),
      decodeOwn: () => expect.fail('the test asks for no profiles'),
    },
    usageLimits: {
      encode: () => expect.fail('the test asks for no usage limits'),
      encodeAfter: () => expect.fail('the test asks for no usage limits'),
      decode: () => expect.fail('the test asks for no usage limits'),
    },
    requestIdOf: ({ header }) => header('x-amzn-requestid'),
    explainFailure({ status, header, body }) {
      const retryAfter = header('retry-after');
      const retryAfterMs = retryAfter === undefined ? undefined : Number(retryAfter) * 1000;
      const code = body as GatewayError['code']; // tests use real codes
      return new GatewayError(code, `fake ${code} ${status}`, { retryAfterMs });
    },
  };
}

export interface FakeReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An Error breaks the body there; `stall` waits until the signal aborts or the body is abandoned. */
  readonly chunks: readonly (string | Error)[];
}

export interface FakeWire {
  readonly send: SendUpstream;
  readonly requests: UpstreamRequest[];
  /** Number of bodies abandoned before their end. */
  readonly abandoned: () => number;
}

/** Chat requests consume the replies in order; model lists come from `models`. */
export function createFakeWire(
  replies: readonly (FakeReply | GatewayError)[],
  models: () => FakeReply = () => ({ chunks: [JSON.stringify({ catalogue: { models: [] } })] }),
): FakeWire {
  const requests: UpstreamRequest[] = [];
  let abandoned = 0;
  let next = 0;
  const send: SendUpstream = async (request, signal) => {
    const isList = request.url.includes('/models');
    if (!isList) requests.push(request);
    const reply = isList ? models() : replies[next++];
    if (!reply) throw new Error('the test has no more replies');
    if (reply instanceof GatewayError) throw reply;
    return answer(reply, signal, () => abandoned++);
  };
  return { send, requests, abandoned: () => abandoned };
}

function answer(
  { status = 200, headers = {}, chunks }: FakeReply,
  signal: AbortSignal,
  onAbandoned: () => void,
): UpstreamAnswer {
  return {
    status,
    header: (name) => headers[name],
    body: { [Symbol.asyncIterator]: () => iterate(chunks, signal, onAbandoned) },
  };
}

function iterate(chunks: FakeReply['chunks'], signal: AbortSignal, onAbandoned: () => void): AsyncIterator<Uint8Array> {
  let at = 0;
  let over = false;
  let wake: (() => void) | undefined;
  signal.addEventListener('abort', () => wake?.());
  return {
    async next() {
      await Promise.resolve();
      const chunk = chunks[at++];
      if (chunk === 'stall') await new Promise<void>((resolve) => (wake = resolve));
      if (over || chunk === undefined || chunk === 'stall') {
        over = true;
        return { done: true, value: undefined };
      }
      if (chunk instanceof Error) {
        over = true;
        throw chunk;
      }
      return { done: false, value: Buffer.from(chunk) };
    },
    async return() {
      if (!over) onAbandoned();
      over = true;
      wake?.();
      return { done: true, value: undefined };
    },
  };
}

export interface FakePool extends AccountPool {
  readonly requests: (Omit<LeaseRequest, 'tried'> & { readonly tried: readonly string[] })[];
  /** Accounts in the order in which they were leased. */
  readonly leasedIds: string[];
  /** `a1:ok`, `a1:quota_exhausted`, `a1:cancelled`: in the order of the releases. */
  readonly releases: string[];
  /** The account of each report that it sends closing events. */
  readonly learned: string[];
  /** The account of each reply that ended without closing events. */
  readonly missed: string[];
}

/** Leases the first account that has not been tried; a refresh changes the token's number. */
export function createFakePool(accountIds: readonly string[]): FakePool {
  const requests: FakePool['requests'][number][] = [];
  const releases: string[] = [];
  const leasedIds: string[] = [];
  const learned: string[] = [];
  const missed: string[] = [];
  let tokens = 1;
  return {
    requests,
    releases,
    leasedIds,
    learned,
    missed,
    async lease(request) {
      requests.push({ ...request, tried: [...request.tried] });
      // No function of the lease may refer to the request.
      const { tried } = request;
      const accountId = accountIds.find((id) => !tried.has(id));
      if (accountId === undefined) throw new GatewayError('no_account', 'no account is left');
      leasedIds.push(accountId);
      if (request.refresh) tokens++;
      let released = false;
      const lease: Lease = {
        accountId,
        access: {
          region: 'us-east-1',
          profileArn: undefined,
          wireProfile: 'fake',
          baseUrl: undefined,
          kind: 'builder-id',
        },
        accessToken: `token-${tokens}`,
        sendsClosingEvents: learned.includes(accountId),
        learnClosingEvents: () => void learned.push(accountId),
        missClosingEvents: () => void missed.push(accountId),
        cancel() {
          if (released) throw new Error(`${accountId} was released twice`);
          released = true;
          releases.push(`${accountId}:cancelled`);
        },
        release(error) {
          if (released) throw new Error(`${accountId} was released twice`);
          released = true;
          releases.push(`${accountId}:${error?.code ?? 'ok'}`);
        },
      };
      return lease;
    },
    status: async () => ({ ready: accountIds.length, total: accountIds.length, hasToken: true, tokenExpired: false }),
  };
}
