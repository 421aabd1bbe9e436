/** What became of each file that an import was given. */
import type { ImportStatus } from '../accounts/imports/import-status.ts';
import type { Candidate } from './accounts-found.ts';
import { fittedTable } from './terminal.ts';

interface FileResult {
  readonly file: string;
  /** Numbers of sign-ins: stored now, stored before, usable but not chosen, not usable. */
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
  const standings = candidates.filter((candidate) => candidate.file === file).map(({ standing }) => standing);
  const imported = standings.filter((standing) => chosen.includes(standing)).length;
  const count = (type: ImportStatus['type']) => standings.filter((standing) => standing.type === type).length;
  return { file, imported, known: count('known'), left: count('new') - imported, unusable: count('unusable') };
}

/** Nothing in it could be used. */
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
  return fittedTable([['imported', 'already there', 'not chosen', 'not usable', 'file'], ...rows], columns);
}
