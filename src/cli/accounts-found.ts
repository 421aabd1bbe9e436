/** The sign-ins that an import found, for display: secrets are masked, and unusable ones come with a reason. */
import { homedir } from 'node:os';
import { type Credential, secretOf } from '../accounts/credentials.ts';
import type { Finding } from '../accounts/imports/finding.ts';
import type { ImportStatus } from '../accounts/imports/import-status.ts';
import { isoTime } from '../core/times.ts';
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
    const shown = shownCandidate(candidate);
    return [
      finding.origin,
      shown.kind ?? '–',
      shown.region ?? '–',
      expiryText(shown.accessTokenExpiresAt, nowMs),
      shown.secret ?? '–',
      statusText(candidate),
      finding.place.replace(homedir(), '~'),
    ];
  });
  return fittedTable([['from', 'kind', 'region', 'access token', 'credential', 'state', 'place'], ...rows], columns);
}

export function shownCandidate({ finding, status }: Candidate) {
  const { origin, place, label, outcome, source } = finding;
  const secrets = outcome.type === 'credential' ? outcome.secrets : undefined;
  const credential = secrets?.credential;
  return {
    origin,
    place,
    label,
    id: status.type === 'unusable' ? null : status.account.id,
    kind: credential?.kind ?? null,
    region: credential?.region ?? null,
    startUrl: credential && 'startUrl' in credential ? (credential.startUrl ?? null) : null,
    profileArn: credential && 'profileArn' in credential ? (credential.profileArn ?? null) : null,
    accessTokenExpiresAt: secrets?.accessToken ? isoTime(secrets.accessToken.expiresAtMs) : null,
    secret: credential ? maskedSecret(credential) : null,
    isLinked: status.type !== 'unusable' && source.type !== 'import',
    isSure: finding.isSure,
    enabled: finding.enabled ?? true,
    state: status.type === 'new' && status.replaced ? 'replaces' : status.type,
    problem: status.type === 'unusable' ? { code: status.problem.code, message: status.problem.message } : null,
  };
}

/** Enough characters to tell two secrets apart. */
function maskedSecret(credential: Credential): string | null {
  const secret = secretOf(credential);
  if (secret === undefined) return null;
  return secret.length < 40 ? `${secret.slice(0, 3)}…` : `${secret.slice(0, 3)}…${secret.slice(-4)}`;
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
