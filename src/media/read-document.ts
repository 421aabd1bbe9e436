/**
 * Reads untrusted documents: each in its own thread with limits on time and memory, few at a time. Results are cached by
 * the document's hash, because agents send their whole history in every request.
 */
import { Worker } from 'node:worker_threads';
import { Semaphore } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import { unreachable } from '../core/unreachable.ts';
import type { ReadableFormat, ReadDocument } from '../gateway/ports.ts';
import type { Finding } from './extract/finding.ts';
import type { ReadRequest } from './extract/worker.ts';
import { Remembered } from './remembered.ts';

export interface DocumentReaderOptions {
  /** For one document, including the time to load the libraries. */
  readonly timeoutMs: number;
  /** For one thread, including unpacked data. */
  readonly maxMemoryMiB: number;
}

export function createDocumentReader(options: DocumentReaderOptions): ReadDocument {
  const cache = new Remembered<Finding>(REMEMBERED_CHARACTERS, (finding) =>
    finding.type === 'text' ? finding.text.length + 100 : 100,
  );
  const semaphore = new Semaphore(MAX_THREADS);
  return async ({ attachment, format, at }, purpose) => {
    const read = () => semaphore.run(() => readInThread({ bytes: attachment.decode(), format, purpose }, options));
    const finding = await cache.get(`${format} ${purpose}`, attachment.hash, read).catch((cause: unknown) => {
      if (cause instanceof TransientFailure) return cause.finding;
      throw cause;
    });
    return toText(finding, format, at);
  };
}

/** A failure that may not happen again, such as a timeout, and is therefore not cached. */
class TransientFailure extends Error {
  readonly finding: Finding;

  constructor(finding: Finding & { readonly why: string }) {
    super(finding.why);
    this.name = 'TransientFailure';
    this.finding = finding;
  }
}

const REMEMBERED_CHARACTERS = 16 * 1024 * 1024;
const MAX_THREADS = 2;
const WATCH_INTERVAL_MS = 100;

/** tools/bundle.ts replaces it with the URL of the compiled file. */
const WORKER = new URL('./extract/worker.ts', import.meta.url);

/** Rejects with `TransientFailure`. */
function readInThread(request: ReadRequest, { timeoutMs, maxMemoryMiB }: DocumentReaderOptions): Promise<Finding> {
  const tooMuchMemory: Finding = {
    type: 'too-large',
    why: `reading it takes more than ${maxMemoryMiB} MiB of memory`,
  };
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, {
      workerData: request,
      // The worker needs no environment.
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: maxMemoryMiB },
    });
    const end = (): void => {
      clearTimeout(timer);
      clearInterval(watch);
      worker.terminate().catch(() => {});
    };
    const settle = (finding: Finding): void => {
      resolve(finding);
      end();
    };
    const fail = (finding: Finding & { readonly why: string }): void => {
      reject(new TransientFailure(finding));
      end();
    };
    const timer = setTimeout(() => {
      fail({ type: 'too-large', why: `it could not be read within ${timeoutMs / 1000} seconds` });
    }, timeoutMs);
    // The limit above covers the heap; unpacked data is outside it.
    const watch = setInterval(async () => {
      const statistics = await worker.getHeapStatistics().catch(() => undefined);
      if ((statistics?.external_memory ?? 0) > maxMemoryMiB * 1024 * 1024) settle(tooMuchMemory);
    }, WATCH_INTERVAL_MS);
    worker.once('message', settle);
    worker.once('error', (error: Error & { code?: string }) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') settle(tooMuchMemory);
      else fail({ type: 'broken', why: error.message });
    });
    worker.once('exit', () => fail({ type: 'broken', why: 'the reader thread exited unexpectedly' }));
  });
}

const NAMES: Record<ReadableFormat, string> = {
  pdf: 'PDF',
  docx: 'Word document',
  xlsx: 'Excel workbook',
  html: 'HTML page',
};

/** The first sentences are those of Anthropic's API: agents recognize them and continue without the document. */
function toText(finding: Finding, format: ReadableFormat, at: string): string {
  const name = NAMES[format];
  switch (finding.type) {
    case 'text':
      return finding.text;
    case 'encrypted':
      throw refuse(at, `The ${name} specified is password protected. Send it without its password.`, 'encrypted');
    case 'broken':
      throw refuse(at, `The ${name} specified was not valid: ${short(finding.why)}.`, 'broken');
    case 'too-large':
      throw refuse(at, `The ${name} specified is too large: ${finding.why}. Send a part of it.`, 'too-large');
    case 'no-text': {
      // Only a PDF can consist of scanned pages; any other document is empty.
      if (format !== 'pdf') return `(The ${name} has no text in it.)`;
      const message = `This model does not support ${name} input without text in it. Send images of its pages instead.`;
      throw refuse(at, message, 'no-text');
    }
    default:
      return unreachable(finding);
  }
}

function refuse(at: string, message: string, why: string): GatewayError {
  return new GatewayError('invalid_request', `${at}: ${message}`, { param: at, rule: `document-${why}` });
}

function short(why: string): string {
  return why.replaceAll(/\s+/g, ' ').replace(/\.$/, '').slice(0, 160);
}
