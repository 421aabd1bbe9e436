/** A sign-in that was found, as the admin API and the command line show it: without its secret. */
import { type Credential, secretOf } from '../../accounts/credentials.ts';
import type { Finding } from '../../accounts/imports/finding.ts';
import type { ImportStatus } from '../../accounts/imports/import-status.ts';
import { isoTime } from '../../core/times.ts';
import type { FoundSignIn } from './contract/import.ts';

export function toFoundSignIn(finding: Finding, status: ImportStatus): FoundSignIn {
  const { origin, place, label, outcome, source } = finding;
  const secrets = outcome.type === 'credential' ? outcome.secrets : undefined;
  const credential = secrets?.credential;
  return {
    id: status.type === 'unusable' ? finding.id : status.account.id,
    origin,
    place,
    label,
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
