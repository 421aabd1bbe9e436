/** `GET /v2/events`: what happens, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { FeedEvent } from '../../gateway/events/event-feed.ts';
import type { HttpExchange } from '../http-exchange.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import { eventStream } from './contract/events.ts';
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

/** Browsers, not users: a console uses one stream for all of its tabs. */
const MAX_STREAMS = 50;
/** Unread bytes after which a stream ends. Its reader starts again behind what it has, or reloads. */
const MAX_UNREAD_BYTES = 256 * 1024;
const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;

export function registerEvents(app: AdminApp, { feed, clock }: AdminParts, pipeline: RequestPipeline): void {
  const open = new Set<EventStream>();
  // Otherwise they would keep a server that stops waiting for its whole timeout. Not in a `preClose` hook, because the server
  // would accept connections until its promises have settled.
  pipeline.draining.signal.addEventListener('abort', () => {
    for (const stream of open) stream.end();
  });
  app.get(
    '/v2/events',
    {
      schema: {
        summary: 'Follow what happens, as server-sent events',
        description:
          'Types: `request`, `account`, `key`, `setting`, `alert`, `ledger`, `reload`. A reader that reconnects with `Last-Event-ID` gets what it missed, or `reload`.',
        response: { 200: eventStream },
      },
    },
    (request, reply) => {
      if (open.size >= MAX_STREAMS)
        throw new GatewayError('gateway_busy', `${MAX_STREAMS} event streams are open already. Close some consoles.`, {
          retryAfterMs: 10_000,
        });
      const stream = new EventStream(pipeline.takeOver(request, reply));
      open.add(stream);
      const unsubscribe = feed.subscribe(stream.send, lastEventId(request));
      const beat = () => {
        cancelBeat = clock.schedule(HEARTBEAT_MS, beat);
        stream.comment('heartbeat');
        // A session may have ended, or the admin token may have been replaced.
        pipeline.adminAccess.isStillValid(request).then(
          (isValid) => isValid || stream.end(),
          () => {},
        );
      };
      let cancelBeat = clock.schedule(HEARTBEAT_MS, beat);
      stream.whenClosed(() => {
        open.delete(stream);
        unsubscribe();
        cancelBeat();
      });
    },
  );
}

function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

class EventStream {
  readonly #response: HttpExchange['response'];

  constructor({ response, headers }: HttpExchange) {
    this.#response = response;
    headers.set('content-type', 'text/event-stream; charset=utf-8');
    headers.set('cache-control', 'no-store');
    // nginx would keep events back until its buffer is full.
    headers.set('x-accel-buffering', 'no');
    response.writeHead(200, headers.namesAndValues);
    response.write(`retry: ${RECONNECT_MS}\n: connected\n\n`);
  }

  readonly send = ({ id, type, data }: FeedEvent): void => {
    this.#write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  };

  comment(text: string): void {
    this.#write(`: ${text}\n\n`);
  }

  end(): void {
    this.#response.end();
  }

  whenClosed(work: () => void): void {
    if (this.#response.destroyed) work();
    else this.#response.once('close', work);
  }

  #write(text: string): void {
    const response = this.#response;
    if (response.writableEnded || response.destroyed) return;
    if (response.writableLength <= MAX_UNREAD_BYTES) response.write(text);
    // Without an id: the reader asks for what follows the last event that it has read.
    else response.end('event: reload\ndata: {}\n\n');
  }
}
