import { describe, expect, it } from 'vitest';
import { GatewayError } from '../core/errors.ts';
import type { ReplyEvent } from '../core/reply.ts';
import { TextPiece } from '../core/text.ts';
import { estimated } from '../core/usage.ts';
import { AnswerBody } from '../transport/body.ts';
import type { ReplyDecoder } from '../upstreams/upstream.ts';
import { ReplyStream } from './reply-stream.ts';

const END = {
  type: 'reply-end' as const,
  stopReason: 'end-turn' as const,
  stopSequence: undefined,
  usage: { inputTokens: estimated(1), outputTokens: estimated(1) },
};

/** One text delta for each chunk, and an end at `.` or at the end of the body. */
const decoder: ReplyDecoder = {
  hasClosingEvents: false,
  lacksClosingEvents: false,
  skipped: new Map(),
  push(bytes): ReplyEvent[] {
    const text = Buffer.from(bytes).toString();
    return [{ type: 'text-delta', text: TextPiece.plain(text) }, ...(text.endsWith('.') ? [END] : [])];
  },
  end: (cause) => (cause === undefined ? [END] : []),
};

async function open() {
  const gone = new AbortController();
  const settled: (string | undefined)[] = [];
  const aborts: Error[] = [];
  const body = new AnswerBody({ pause: () => {}, resume: () => {}, abort: (reason) => void aborts.push(reason) });
  const stream = new ReplyStream({
    body,
    decoder,
    transforms: [],
    signal: gone.signal,
    settled: (error) => void settled.push(error?.code),
  });
  body.push(Buffer.from('first'));
  await stream.begin();
  return { stream, body, gone, settled, aborts };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function shown(events: readonly ReplyEvent[]): string {
  return events.map((event) => (event.type === 'text-delta' ? event.text.plain : event.type)).join(' ');
}

describe('a reply that is pushed', () => {
  it('passes on each batch in the turn in which it arrives, and settles once', async () => {
    const { stream, body, settled } = await open();
    const received: string[] = [];
    const ended = stream.pushTo((events) => void received.push(shown(events)));
    await nextTurn();
    expect(received).toEqual(['first']);
    body.push(Buffer.from('second'));
    await nextTurn();
    expect(received).toEqual(['first', 'second']);
    body.push(Buffer.from('last.'));
    body.end();
    expect(await ended).toBeUndefined();
    expect(received).toEqual(['first', 'second', 'last. reply-end']);
    expect(settled).toEqual([undefined]);
  });

  it('passes on the ending with the last chunk if the body has ended by then', async () => {
    const { stream, body, settled } = await open();
    const received: string[] = [];
    const ended = stream.pushTo((events) => void received.push(shown(events)));
    body.push(Buffer.from('second'));
    body.end();
    await ended;
    expect(received).toEqual(['first', 'second reply-end']);
    expect(settled).toEqual([undefined]);
  });

  it('passes on what arrived before the connection broke, and then the error', async () => {
    const { stream, body, settled } = await open();
    const received: string[] = [];
    const ended = stream.pushTo((events) => void received.push(shown(events)));
    body.push(Buffer.from('second'));
    body.fail(new GatewayError('upstream_broken', 'cut'));
    await ended;
    expect(received).toEqual(['first', 'second', 'reply-error']);
    expect(settled).toEqual(['upstream_broken']);
  });

  it('ends with an error if the connection breaks', async () => {
    const { stream, body, settled } = await open();
    const received: string[] = [];
    const ended = stream.pushTo((events) => void received.push(shown(events)));
    body.fail(new GatewayError('upstream_broken', 'cut'));
    await ended;
    expect(received).toEqual(['first', 'reply-error']);
    expect(settled).toEqual(['upstream_broken']);
  });

  it('closes the connection and settles when the client leaves, whether or not it lags behind', async () => {
    for (const wait of [undefined, new Promise<void>(() => {})]) {
      const { stream, body, gone, settled, aborts } = await open();
      const received: string[] = [];
      const ended = stream.pushTo((events) => {
        received.push(shown(events));
        return events.length > 0 && received.length === 2 ? wait : undefined;
      });
      await nextTurn();
      body.push(Buffer.from('second'));
      await nextTurn();
      gone.abort();
      if (!wait) await ended;
      expect(received).toEqual(['first', 'second']);
      expect(aborts).toHaveLength(1);
      expect(settled).toEqual(['client_closed']);
    }
  });

  it('closes the connection and settles when the consumer fails', async () => {
    const { stream, body, settled, aborts } = await open();
    const ended = stream.pushTo((events) => {
      if (shown(events) === 'second') throw new Error('full');
      return undefined;
    });
    await nextTurn();
    body.push(Buffer.from('second'));
    await expect(ended).rejects.toThrow('full');
    expect(aborts).toHaveLength(1);
    expect(settled).toEqual(['client_closed']);
  });
});
