/**
 * Counts the bytes that translation allocates on the JavaScript heap: for a request, a reply and a text frame. Prints them as
 * JSON; with `--record`, writes them to bench/allocations.json, which allocations.test.ts compares with.
 *
 * The counts hardly depend on the machine or its load: no optimising compiler, which would leave out allocations depending on
 * when it finishes, and a young generation so large that nothing is collected while bytes are counted. So they are higher than
 * what the same code allocates in production.
 *
 * Usage: npm run allocations -- [--record]
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import type { ClientProtocol } from '../../src/protocols/protocol.ts';
import { median } from '../statistics.ts';
import { burstReply } from '../upstream/replies.ts';
import { encodeRequest } from './encode-request.ts';
import { replyTranslator } from './translate-reply.ts';

export interface AllocationRecord {
  readonly update: string;
  /** A figure may exceed its recorded one by this share. */
  readonly margin: number;
  readonly node: string;
  /** Bytes. */
  readonly figures: Readonly<Record<string, number>>;
}

const BASELINE = join(import.meta.dirname, '../allocations.json');
const MARGIN = 0.1;
const FLAGS = [
  '--no-opt',
  '--no-maglev',
  '--no-flush-bytecode',
  '--expose-gc',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
];
const WARM_UP_RUNS = 15;
const RUNS = 15;
const SHORT_FRAMES = 10;
const LONG_FRAMES = 510;

/** Counts in a new process with the right flags. */
export function countAllocations(): AllocationRecord['figures'] {
  const args = [...FLAGS, import.meta.filename, '--count'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
  if (status !== 0) throw new Error(`counting allocations failed: ${stderr}`);
  return JSON.parse(stdout);
}

function count(): AllocationRecord['figures'] {
  return Object.fromEntries(PROTOCOLS.flatMap((protocol) => figuresOf(protocol)));
}

function figuresOf(protocol: ClientProtocol): [string, number][] {
  const body = REQUESTS[protocol.id];
  if (body === undefined) return [];
  const text = JSON.stringify({ model: 'claude-sonnet-4.5', stream: true, ...body });
  const [short, long] = [burstReply(SHORT_FRAMES).body, burstReply(LONG_FRAMES).body];
  const translate = replyTranslator(protocol);
  const request = bytesOf(() => encodeRequest(protocol, JSON.parse(text)));
  const shortReply = bytesOf(() => translate(short));
  const longReply = bytesOf(() => translate(long));
  return [
    [`${protocol.id}: request`, request],
    [`${protocol.id}: reply of ${SHORT_FRAMES} frames`, shortReply],
    [`${protocol.id}: text frame`, Math.round((longReply - shortReply) / (LONG_FRAMES - SHORT_FRAMES))],
  ];
}

const MESSAGES = [
  { role: 'user', content: 'Which of the two files has the newer version?' },
  { role: 'assistant', content: 'The second one: its header names a later date, and the first one refers to it.' },
  { role: 'user', content: 'Then sum up what changed between them, please.' },
];

/** By protocol; a protocol that is not listed is not counted. */
const REQUESTS: Readonly<Record<string, object>> = {
  'openai-chat': { messages: MESSAGES },
  'openai-responses': { input: MESSAGES },
  'anthropic-messages': { max_tokens: 32_000, messages: MESSAGES },
};

function bytesOf(work: () => number): number {
  for (let run = 0; run < WARM_UP_RUNS; run++) work();
  const bytes = Array.from({ length: RUNS }, () => {
    globalThis.gc?.({ type: 'minor' });
    const before = getHeapStatistics().used_heap_size;
    if (work() === 0) throw new Error('the translation produced nothing');
    return getHeapStatistics().used_heap_size - before;
  });
  return median(bytes);
}

if (process.argv.includes('--count')) {
  process.stdout.write(JSON.stringify(count()));
} else if (import.meta.main) {
  const figures = countAllocations();
  const record: AllocationRecord = {
    update: 'npm run allocations -- --record',
    margin: MARGIN,
    node: process.version,
    figures,
  };
  if (process.argv.includes('--record')) writeFileSync(BASELINE, `${JSON.stringify(record, undefined, 2)}\n`);
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
}
