/**
 * Replaces the credential of an existing account: the refresh token and its client change together, while region, start URL
 * and token endpoint stay. Checked like an imported credential, and never shown again.
 */
import {
  type Credential,
  clientFieldsOf,
  isRefreshable,
  type RefreshableCredential,
} from '../../accounts/credentials.ts';
import { KIND_FAMILIES } from '../../accounts/imports/secrets.ts';
import { keepingProfile } from '../../accounts/linked-file.ts';
import type { Account } from '../../accounts/ports.ts';
import { GatewayError } from '../../core/errors.ts';
import { readCredential } from './new-account.ts';
import type { AdminParts } from './ports.ts';

export interface CredentialBody {
  readonly refreshToken?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
}

type CredentialField = (typeof FIELDS)[number];

/** Undefined if the body has none of the fields. Throws `invalid_request` that names the field; then nothing has changed. */
export function replacedCredential(
  parts: AdminParts,
  account: Account,
  body: CredentialBody,
): RefreshableCredential | undefined {
  const fields = FIELDS.filter((field) => body[field] !== undefined);
  const [first] = fields;
  if (first === undefined) return undefined;
  const { credential } = account;
  assertReplaceable(account, first);
  if (!isRefreshable(credential)) {
    const message = 'This kind of account has no refresh token. Add another account instead.';
    throw refused(first, message);
  }
  const unit: readonly CredentialField[] = ['refreshToken', ...clientFieldsOf(credential)];
  const missing = unit.find((field) => body[field] === undefined);
  if (missing !== undefined) {
    const message = `${missing} is missing: a refresh token works only with the client it was issued to, so ${unit.join(', ')} are replaced together.`;
    throw refused(missing, message);
  }
  const foreign = fields.find((field) => !unit.includes(field));
  if (foreign !== undefined)
    throw refused(foreign, `An account of the kind ${credential.kind} has no ${foreign}. Send ${unit.join(', ')}.`);
  const given = Object.fromEntries(fields.map((field) => [field, body[field] ?? '']));
  const read = readCredential(
    parts,
    { ...locationOf(credential), ...given },
    KIND_FAMILIES[credential.kind],
    account.id,
  );
  return withLocation(credential, read);
}

const FIELDS = ['refreshToken', 'clientId', 'clientSecret'] as const;

/** Another program or the environment would restore its own credential the next time it is read. */
function assertReplaceable({ id, source }: Account, field: CredentialField): void {
  if (source.type === 'sign-in' || source.type === 'import') return;
  const owner = source.type === 'environment' ? 'the environment' : 'another program';
  throw refused(field, `The credential of ${id} belongs to ${owner}. Change it there.`);
}

function locationOf(credential: RefreshableCredential): Readonly<Record<string, string | readonly string[]>> {
  const { region } = credential;
  const startUrl = 'startUrl' in credential && credential.startUrl ? { startUrl: credential.startUrl } : {};
  if (credential.kind !== 'external-idp') return { region, ...startUrl };
  const { tokenEndpoint, scopes } = credential;
  return { region, tokenEndpoint, scopes };
}

/** Keeps the kind, and the profile as long as the client is the same: another client is another sign-in. */
function withLocation(known: RefreshableCredential, read: Credential): RefreshableCredential {
  if (!isRefreshable(read))
    throw new GatewayError('internal', 'A refresh token was read as another kind of credential.');
  const isAws =
    (known.kind === 'builder-id' || known.kind === 'idc') && (read.kind === 'builder-id' || read.kind === 'idc');
  return keepingProfile(known, isAws ? { ...read, kind: known.kind } : read);
}

function refused(param: CredentialField, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
