/** The result of an import per file. */
import type { ImportStatus } from '../accounts/imports/import-status.ts';
import type { Candidate } from './accounts-found.ts';
import { fittedTable } from './terminal.ts';

interface FileResult {
  readonly file: string;
  /** Counts of sign-ins: newly stored, already stored, usable but not chosen, and unusable. */
  readonly imported: number;
  readonly known: number;
  readonly left: number;
  readonly unusable: number;
}

export function fileResult(
  file: string,
  candidates: readonly Candidate[],
  chosen: readonly ImportStatus[],
): FileResult {
  const statuses = candidates.filter((candidate) => candidate.file === file).map(({ status }) => status);
  const imported = statuses.filter((status) => chosen.includes(status)).length;
  const count = (type: ImportStatus['type']) => statuses.filter((status) => status.type === type).length;
  return { file, imported, known: count('known'), left: count('new') - imported, unusable: count('unusable') };
}

/** True if the file holds only unusable sign-ins. */
export function isFailed({ imported, known, left, unusable }: FileResult): boolean {
  return unusable > 0 && imported + known + left === 0;
}

export function filesTable(results: readonly FileResult[], columns: number | undefined): string {
  const rows = results.map(({ file, imported, known, left, unusable }) => [
    `${imported}`,
    `${known}`,
    `${left}`,
    `${unusable}`,
    file,
  ]);
  return fittedTable([['imported', 'already stored', 'not chosen', 'unusable', 'file'], ...rows], columns);
}
