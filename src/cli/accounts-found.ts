/** The sign-ins that an import found, for display: secrets are masked, and unusable ones come with a reason. */
import { homedir } from 'node:os';
import type { Finding } from '../accounts/imports/finding.ts';
import type { ImportStatus } from '../accounts/imports/import-status.ts';
import { toFoundSignIn } from '../http/admin/import-view.ts';
import { fittedTable } from './terminal.ts';

export interface Candidate {
  readonly finding: Finding;
  readonly status: ImportStatus;
  /** The path given on the command line; undefined for a discovered sign-in. */
  readonly file: string | undefined;
}

export function findingsTable(candidates: readonly Candidate[], columns: number | undefined, nowMs: number): string {
  const rows = candidates.map((candidate) => {
    const { finding } = candidate;
    const shown = toFoundSignIn(finding, candidate.status);
    return [
      finding.origin,
      shown.kind ?? '–',
      shown.region ?? '–',
      expiryText(shown.accessTokenExpiresAt, nowMs),
      shown.secret ?? '–',
      statusText(candidate),
      shown.place.replace(homedir(), '~'),
    ];
  });
  return fittedTable([['from', 'kind', 'region', 'access token', 'credential', 'state', 'place'], ...rows], columns);
}

function expiryText(expiresAt: string | null, nowMs: number): string {
  if (expiresAt === null) return '–';
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs <= 0 ? 'expired, will be renewed' : `${Math.ceil(leftMs / 60_000)} min left`;
}

function statusText({ status, finding }: Candidate): string {
  switch (status.type) {
    case 'new': {
      const state = status.replaced ? `replaces ${status.replaced.id}` : 'new';
      return finding.enabled === false ? `${state}, disabled` : state;
    }
    case 'known':
      return `stored as ${status.account.id}`;
    case 'unusable':
      return status.problem.code;
  }
}
