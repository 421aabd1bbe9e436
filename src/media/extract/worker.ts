/** Reads one document in a thread of its own, which is ended when it takes too long or too much memory. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ReadableFormat } from '../../gateway/ports.ts';
import { type Finding, textFinding } from './finding.ts';

export interface Order {
  readonly bytes: Uint8Array;
  readonly format: ReadableFormat;
  readonly wanted: 'check' | 'text';
}

/** Libraries are loaded for the format at hand only. */
const READERS: Record<ReadableFormat, (bytes: Uint8Array, wanted: Order['wanted']) => Promise<Finding>> = {
  pdf: async (bytes, wanted) => (await import('./pdf.ts')).readPdf(bytes, wanted),
  docx: async (bytes, wanted) => (await import('./office.ts')).readWord(bytes, wanted),
  xlsx: async (bytes, wanted) => (await import('./office.ts')).readExcel(bytes, wanted),
  html: async (bytes) => textFinding((await import('./html.ts')).htmlToText(Buffer.from(bytes).toString('utf8'))),
};

// Whoever starts this thread hands in an Order.
const { bytes, format, wanted } = workerData as Order;
const finding: Finding = await READERS[format](bytes, wanted);
parentPort?.postMessage(finding);
