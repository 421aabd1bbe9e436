import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createFakeGateway, NO_ADMIN, serve } from '../../../test/support/serving.ts';
import { EventFeed } from '../../gateway/events/event-feed.ts';

async function serveEvents() {
  const clock = createFakeClock();
  const feed = new EventFeed(clock);
  const tokens = new Set(['right']);
  const isAdmin = async (token: string) => tokens.has(token);
  const { port } = await serve(createFakeGateway(), { clock, admin: { ...NO_ADMIN, feed, isAdmin } });
  /** A reader of the raw answer. */
  const open = async () => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    onTestFinished(() => void socket.destroy());
    socket.write('GET /v2/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer right\r\n\r\n');
    const received = { text: '', ended: false };
    socket.on('data', (piece: string) => {
      received.text += piece;
    });
    // The response ends with an empty chunk; the connection stays open.
    socket.on('data', () => {
      received.ended ||= received.text.endsWith('\r\n0\r\n\r\n');
    });
    await expect.poll(() => received.text).toContain(': connected');
    return { socket, received };
  };
  return { clock, feed, tokens, open };
}

describe('an event stream', () => {
  it('ends for a reader that does not read, which is asked to reload', async () => {
    const { feed, open } = await serveEvents();
    const { socket, received } = await open();
    socket.pause();
    // More than the buffers of the system and of the stream.
    for (let count = 0; count < 200; count++) feed.publish('key', { count, filler: 'x'.repeat(100_000) });
    socket.resume();
    await expect.poll(() => received.ended).toBe(true);
    expect(received.text).toMatch(/event: reload\ndata: \{\}\n\n\r\n0\r\n\r\n$/);
    expect(received.text.length).toBeLessThan(10_000_000);
  });

  it('has heartbeats, and ends when the admin token is no longer valid', async () => {
    const { clock, tokens, open } = await serveEvents();
    const { received } = await open();
    clock.advance(15_000);
    await expect.poll(() => received.text).toContain(': heartbeat');
    expect(received.ended).toBe(false);
    tokens.clear();
    clock.advance(15_000);
    await expect.poll(() => received.ended).toBe(true);
  });
});
