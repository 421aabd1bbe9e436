/** The recorded run, docs/performance.json, and what is drawn from it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Processes } from '../processes.ts';
import type { Scale } from '../scenarios/scenario.ts';
import type { Curve } from './curves.ts';
import type { Row } from './rows.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');
const RECORD = join(DOCS, 'performance.json');

export interface Record {
  readonly machine: string;
  readonly nginx: boolean;
  readonly cores: Processes['cores'] | null;
  readonly scale: Scale;
  readonly rows: readonly Row[];
  readonly curves: readonly Curve[];
}

export function writeRecord(record: Record): void {
  writeFileSync(RECORD, `${JSON.stringify(record, undefined, 2)}\n`);
}

export function readRecord(): Record {
  return JSON.parse(readFileSync(RECORD, 'utf8'));
}

export function drawDocs(_record: Record): void {}
