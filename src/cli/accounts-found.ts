/** What an import found, as people and machines may see it: no secret whole, and the reason where one is of no use. */
import { homedir } from 'node:os';
import { type Credential, secretOf } from '../accounts/credentials.ts';
import type { Finding } from '../accounts/imports/finding.ts';
import type { ImportStatus } from '../accounts/imports/import-status.ts';
import { isoTime } from '../core/times.ts';
import { fittedTable } from './terminal.ts';

export interface Candidate {
  readonly finding: Finding;
  readonly standing: ImportStatus;
  /** As it was named on the command line; undefined for a sign-in that was discovered. */
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
      standingText(candidate),
      finding.place.replace(homedir(), '~'),
    ];
  });
  return fittedTable([['from', 'kind', 'region', 'access token', 'credential', 'state', 'place'], ...rows], columns);
}

export function shownCandidate({ finding, standing }: Candidate) {
  const { origin, place, label, outcome, source } = finding;
  const secrets = outcome.type === 'credential' ? outcome.secrets : undefined;
  const credential = secrets?.credential;
  return {
    origin,
    place,
    label,
    id: standing.type === 'unusable' ? null : standing.account.id,
    kind: credential?.kind ?? null,
    region: credential?.region ?? null,
    startUrl: credential && 'startUrl' in credential ? (credential.startUrl ?? null) : null,
    profileArn: credential && 'profileArn' in credential ? (credential.profileArn ?? null) : null,
    accessTokenExpiresAt: secrets?.accessToken ? isoTime(secrets.accessToken.expiresAtMs) : null,
    secret: credential ? maskedSecret(credential) : null,
    isLinked: standing.type !== 'unusable' && source.type !== 'import',
    isSure: finding.isSure,
    enabled: finding.enabled ?? true,
    state: standing.type === 'new' && standing.replaced ? 'replaces' : standing.type,
    problem: standing.type === 'unusable' ? { code: standing.problem.code, message: standing.problem.message } : null,
  };
}

/** Enough to recognise it beside another one. */
function maskedSecret(credential: Credential): string | null {
  const secret = secretOf(credential);
  if (secret === undefined) return null;
  return secret.length < 40 ? `${secret.slice(0, 3)}…` : `${secret.slice(0, 3)}…${secret.slice(-4)}`;
}

function expiryText(expiresAt: string | null, nowMs: number): string {
  if (expiresAt === null) return '–';
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs <= 0 ? 'expired, is renewed' : `${Math.ceil(leftMs / 60_000)} min left`;
}

function standingText({ standing, finding }: Candidate): string {
  switch (standing.type) {
    case 'new': {
      const state = standing.replaced ? `replaces ${standing.replaced.id}` : 'new';
      return finding.enabled === false ? `${state}, switched off` : state;
    }
    case 'known':
      return `is ${standing.account.id}`;
    case 'unusable':
      return standing.problem.code;
  }
}
