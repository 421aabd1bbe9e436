/** A service whose refusals arrive a few bytes at a time, so that no idle timeout is reached. */
import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startGatewayProcess } from './gateway-process.ts';
import { measureInput } from './measure.ts';
import { post } from './send.ts';

const CHAT = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'Hi' }] });
/** The gateway reads a refusal for ten seconds. */
const MAX_ANSWER_MS = 30_000;

/** Refuses chats and passes everything else to the simulator. Returns its URL. */
async function startSlowService(simulatorUrl: () => string): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const isChat = String(incoming.headers['x-amz-target'] ?? incoming.url).includes('enerateAssistantResponse');
    if (isChat) {
      incoming.resume();
      trickle(outgoing);
      return;
    }
    const { method, url = '', headers } = incoming;
    const forwarded = request(new URL(url, simulatorUrl()), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Endless, five bytes a second. */
function trickle(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write('{"a":'), 1_000);
  response.on('close', () => clearInterval(timer));
}

it('refusals of the service at five bytes a second', async (context) => {
  let simulatorUrl = '';
  const slowUrl = await startSlowService(() => simulatorUrl);
  const gateway = await startGatewayProcess({ DRAGOMAN_UPSTREAM_URL: slowUrl }, undefined, (url) => {
    simulatorUrl = url;
  });
  await measureInput(context, gateway, async () => {
    const beganMs = performance.now();
    const replies = await Promise.all([1, 2, 3, 4].map(() => post(gateway, '/v1/chat/completions', CHAT)));
    for (const { status } of replies) expect(status).toBeGreaterThanOrEqual(400);
    expect(performance.now() - beganMs).toBeLessThan(MAX_ANSWER_MS);
  });
});
