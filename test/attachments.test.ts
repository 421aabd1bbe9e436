/**
 * What a client's file costs on its way to the service: how often its bytes are decoded, encoded, hashed and scanned by
 * regular expressions, over all attempts of a request, and that no account is leased meanwhile.
 */
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SILENT } from '../src/core/log.ts';
import { runAtOnce } from '../src/core/steps.ts';
import { createGateway } from '../src/gateway/gateway.ts';
import type { MediaTools, SendUpstream, UpstreamAnswer } from '../src/gateway/ports.ts';
import { createImageFitter } from '../src/media/fit-image.ts';
import { createDocumentReader } from '../src/media/read-document.ts';
import { openaiChat } from '../src/protocols/index.ts';
import { codewhisperer } from '../src/upstreams/codewhisperer/index.ts';
import { docx } from './support/documents.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { createFakePool } from './support/fake-upstream.ts';
import { stopReason, text } from './support/reply-frames.ts';

/** Shorter strings and buffers are not the attachment. */
const LARGE = 50_000;

interface Counts {
  decoded: number;
  encoded: number;
  hashed: number;
  scanned: number;
}

/** Calls with something as large as the attachment, from now to the end of the test. */
function countWork(): Counts {
  const counts: Counts = { decoded: 0, encoded: 0, hashed: 0, scanned: 0 };
  const count = (kind: keyof Counts, subject: unknown): void => {
    if ((typeof subject === 'string' || subject instanceof Uint8Array) && subject.length >= LARGE) counts[kind]++;
  };
  const from = Buffer.from.bind(Buffer) as (...args: unknown[]) => Buffer<ArrayBuffer>;
  vi.spyOn(Buffer, 'from').mockImplementation((...args: unknown[]) => {
    if (args[1] === 'base64') count('decoded', args[0]);
    return from(...args);
  });
  const print = Buffer.prototype.toString;
  vi.spyOn(Buffer.prototype, 'toString').mockImplementation(function (this: Buffer, ...args) {
    if (args[0] === 'base64') count('encoded', this);
    return print.apply(this, args);
  });
  const hashes = Object.getPrototypeOf(createHash('sha256'));
  const { update } = hashes;
  vi.spyOn(hashes, 'update').mockImplementation(function (this: unknown, ...args: unknown[]) {
    count('hashed', args[0]);
    return update.apply(this, args);
  });
  for (const method of ['test', 'exec', Symbol.replace] as const) {
    const run = RegExp.prototype[method] as (...args: unknown[]) => unknown;
    vi.spyOn(RegExp.prototype, method as 'test').mockImplementation(function (this: RegExp, ...args: unknown[]) {
      // One that is bound to the beginning alone looks at a few characters.
      const isPrefix = this.source.startsWith('^') && !this.source.endsWith('$');
      if (!isPrefix) count('scanned', args[0]);
      return run.apply(this, args) as boolean;
    });
  }
  return counts;
}

afterEach(() => {
  vi.restoreAllMocks();
});

const MODELS = JSON.stringify({ models: [{ modelId: 'claude-sonnet-4.5', supportedInputTypes: ['TEXT', 'IMAGE'] }] });
const ACCESS = {
  region: 'us-east-1',
  profileArn: undefined,
  wireProfile: 'q-rest',
  baseUrl: undefined,
  kind: 'builder-id',
};

function answer(status: number, ...chunks: readonly Buffer[]): UpstreamAnswer {
  const headers: Record<string, string> = { 'content-length': '1' };
  return {
    status,
    header: (name) => headers[name],
    body: (async function* () {
      yield* chunks;
    })(),
  };
}

function setup() {
  const pool = createFakePool(['a1']);
  const lease = pool.lease.bind(pool);
  pool.lease = async (request) => ({ ...(await lease(request)), access: ACCESS });
  const bodies: string[] = [];
  let failures = 0;
  const send: SendUpstream = async ({ url, body }) => {
    if (url.includes('ListAvailableModels')) return answer(200, Buffer.from(MODELS));
    bodies.push(String(body));
    if (failures-- > 0) return answer(503, Buffer.from('{"message":"overloaded"}'));
    return answer(200, text('Nice.'), stopReason('END_TURN'));
  };
  /** Leases in use while a tool worked. */
  const leasesDuringWork: number[] = [];
  const watched = <Args extends unknown[], T>(work: (...args: Args) => T) => {
    return (...args: Args): T => {
      leasesDuringWork.push(pool.leasedIds.length - pool.releases.length);
      return work(...args);
    };
  };
  const media: MediaTools = {
    fetch: async () => expect.fail('nothing should be fetched'),
    fitImage: watched(createImageFitter()),
    readDocument: watched(createDocumentReader({ timeoutMs: 60_000, maxMemoryMiB: 512 })),
  };
  const gateway = createGateway({
    upstream: codewhisperer,
    pool,
    send,
    log: SILENT,
    clock: createFakeClock(),
    media,
    unknownModels: 'default',
    sendEnvironment: false,
    recoverToolCalls: true,
    codeReferences: 'allow',
  });
  const ask = async (parts: readonly object[], failingAttempts = 0) => {
    failures = failingAttempts;
    const content = [...parts, { type: 'text', text: 'What is this?' }];
    const body = { model: 'claude-sonnet-4.5', messages: [{ role: 'user', content }] };
    const { conversation } = runAtOnce(openaiChat.parseRequest(body, { header: () => undefined, nowMs: 0 }));
    const request = { requestId: 'r', client: 'c', conversation, adjustments: [] };
    const { batches } = await gateway.ask(request, new AbortController().signal);
    for await (const _batch of batches) {
      // read to its end
    }
  };
  return { ask, bodies, pool, leasesDuringWork };
}

/** Noise does not compress. */
async function noise(width: number, height: number): Promise<string> {
  let seed = 7;
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed & 0xff;
  });
  const bytes = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return bytes.toString('base64');
}

const imagePart = (base64: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } });
const imageIn = (body: string | undefined): string =>
  JSON.parse(body ?? '').conversationState.currentMessage.userInputMessage.images[0].source.bytes;

describe('an attachment', () => {
  it.each([0, 1, 2])('that fits is decoded once, over %i failing attempts', async (failingAttempts) => {
    const { ask, bodies } = setup();
    const picture = await noise(200, 200);
    const counts = countWork();
    await ask([imagePart(picture)], failingAttempts);
    expect(bodies).toHaveLength(failingAttempts + 1);
    expect(bodies.map(imageIn)).toEqual(bodies.map(() => picture));
    // Encoded once to see that the client's base64 is standard.
    expect(counts).toEqual({ decoded: 1, encoded: 1, hashed: 0, scanned: 0 });
  });

  it('that has to be scaled is decoded once more and hashed once, over two attempts', async () => {
    const { ask, bodies } = setup();
    const picture = await noise(2100, 60);
    const counts = countWork();
    await ask([imagePart(picture)], 1);
    expect(bodies.map(imageIn)).toEqual([imageIn(bodies[0]), imageIn(bodies[0])]);
    expect(imageIn(bodies[0])).not.toBe(picture);
    expect(counts).toEqual({ decoded: 2, encoded: 2, hashed: 1, scanned: 0 });
  });

  it('that is looked into is decoded once more and hashed once, over two attempts', async () => {
    const { ask, bodies } = setup();
    const bytes = docx(['Dear reader,'], [], { 'word/media/photo.raw': Buffer.from(await noise(200, 200), 'base64') });
    const url = `data:application/octet-stream;base64,${bytes.toString('base64')}`;
    const counts = countWork();
    await ask([{ type: 'file', file: { filename: 'letter.docx', file_data: url } }], 1);
    expect(bodies).toHaveLength(2);
    expect(counts).toEqual({ decoded: 2, encoded: 1, hashed: 1, scanned: 0 });
  });

  it('is made fit while no account is leased, once the limits of its model are known without a second lease', async () => {
    const { ask, pool, leasesDuringWork } = setup();
    const parts = [imagePart(await noise(2100, 20))];
    await ask(parts);
    expect(pool.releases).toEqual(['a1:cancelled', 'a1:ok']);
    await ask(parts, 1);
    expect(pool.releases.slice(2)).toEqual(['a1:upstream_overloaded', 'a1:ok']);
    expect(leasesDuringWork).toEqual([0, 0]);
  });
});
