/** Reads one document in its own thread, which the parent ends if it takes too long or too much memory. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ReadableFormat } from '../../gateway/ports.ts';
import { type Finding, textFinding } from './finding.ts';

export interface ReadRequest {
  readonly bytes: Uint8Array;
  readonly format: ReadableFormat;
  readonly purpose: 'check' | 'text';
}

/** Each format loads only its own libraries. */
const READERS: Record<ReadableFormat, (bytes: Uint8Array, purpose: ReadRequest['purpose']) => Promise<Finding>> = {
  pdf: async (bytes, purpose) => (await import('./pdf.ts')).readPdf(bytes, purpose),
  docx: async (bytes, purpose) => (await import('./office.ts')).readWord(bytes, purpose),
  xlsx: async (bytes, purpose) => (await import('./office.ts')).readExcel(bytes, purpose),
  html: async (bytes) => textFinding((await import('./html.ts')).htmlToText(Buffer.from(bytes).toString('utf8'))),
};

// read-document.ts starts this thread with a ReadRequest.
const { bytes, format, purpose } = workerData as ReadRequest;
const finding: Finding = await READERS[format](bytes, purpose);
parentPort?.postMessage(finding);
