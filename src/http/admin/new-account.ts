/** Adds an account by its credential, which is checked like an imported one and never shown again. */
import { accountIdOf } from '../../accounts/account-id.ts';
import { isConsumed } from '../../accounts/consumed-tokens.ts';
import { type Credential, defaultLabel, hasProfiles, profileArnOf } from '../../accounts/credentials.ts';
import { NEW_ACCOUNT } from '../../accounts/health.ts';
import type { Fields } from '../../accounts/imports/fields.ts';
import { ImportProblem, type ProblemCode } from '../../accounts/imports/problem.ts';
import { type Family, identityOf, KIND_FAMILIES, toSecrets } from '../../accounts/imports/secrets.ts';
import { DEFAULT_OPTIONS, patchOptions } from '../../accounts/options.ts';
import type { Account, Secrets } from '../../accounts/ports.ts';
import { checkedProxy } from '../../accounts/proxy.ts';
import type { Profile } from '../../accounts/sign-in/adopt.ts';
import { GatewayError } from '../../core/errors.ts';
import type { NewAccountBody } from './contract/account.ts';
import type { AdminParts } from './ports.ts';

/** Throws `invalid_request` that names the field; then nothing is stored. */
export async function addAccount(parts: AdminParts, body: NewAccountBody): Promise<Account> {
  const { priority, weight, groups, maxConcurrency, minIntervalMs, enabled, label } = body;
  const options = patchOptions(DEFAULT_OPTIONS, { priority, weight, groups, maxConcurrency, minIntervalMs });
  const proxy = typeof body.proxy === 'string' ? { proxy: checkedProxy(body.proxy) } : {};
  const { accounts } = parts;
  let added: Account;
  if (body.kind === 'iam') {
    const { id } = await parts.signInWithIam({ region: body.region, awsProfile: body.awsProfile, label, ...proxy });
    added = await accounts.patch(id, options);
  } else {
    const secrets = readSecrets(parts, body);
    const { kind } = secrets.credential;
    const id = accountIdOf(kind === 'social' ? 'kiro' : 'aws', identityOf(secrets.credential));
    const source = { type: 'import' } as const;
    added = await accounts.add({
      ...{ id, source, options, ...secrets, ...proxy },
      label: label ?? defaultLabel(secrets.credential),
      health: NEW_ACCOUNT,
    });
  }
  if (enabled !== false) return added;
  await accounts.setEnabled(added.id, false);
  return accounts.list().find(({ id }) => id === added.id) ?? added;
}

/**
 * The profiles of the account's organization, if the account needs one and has none yet. If there is only one, the account
 * gets it; if there are several, its owner has to choose. Empty if they cannot be listed: the account stays, and a profile
 * can be set later.
 */
export async function findProfiles(
  parts: AdminParts,
  account: Account,
  signal: AbortSignal,
): Promise<readonly Profile[]> {
  const { id, credential, accessToken, health } = account;
  if (!hasProfiles(credential) || profileArnOf(credential) !== undefined) return [];
  if (health.state.status === 'disabled') return [];
  try {
    const isLive = accessToken !== undefined && accessToken.expiresAtMs > parts.clock.now();
    const profiles = await parts.listProfiles(isLive ? account : await parts.accounts.refresh(id), signal);
    const [only, second] = profiles;
    if (only && !second) await parts.accounts.patch(id, { profileArn: only.arn });
    return profiles;
  } catch {
    return [];
  }
}

/** Throws `invalid_request`. */
function readSecrets(parts: AdminParts, body: NewAccountBody): Secrets {
  const { kind, ...fields } = body;
  const family = kind && kind !== 'iam' ? KIND_FAMILIES[kind] : undefined;
  const secrets = checkedSecrets(parts, credentialFields(fields), family);
  const { credential } = secrets;
  assertUnused(parts, credential, () => true);
  // A kind that is stated takes precedence over the one that was inferred.
  if ((kind === 'idc' || kind === 'builder-id') && (credential.kind === 'idc' || credential.kind === 'builder-id'))
    return { ...secrets, credential: { ...credential, kind } };
  return secrets;
}

/**
 * For an existing account. Its current credential is accepted; one that it has rotated away, or that belongs to another
 * account, is refused. Throws `invalid_request`.
 */
export function readCredential(parts: AdminParts, fields: Fields, family: Family, accountId: string): Credential {
  const { credential } = checkedSecrets(parts, fields, family);
  assertUnused(parts, credential, (known) => known.id !== accountId || isConsumed(known, credential));
  return credential;
}

function checkedSecrets({ clock, idpHosts }: AdminParts, fields: Fields, family: Family | undefined): Secrets {
  try {
    return toSecrets(fields, { nowMs: clock.now(), idpHosts, family });
  } catch (cause) {
    if (!(cause instanceof ImportProblem)) throw cause;
    throw refused(PROBLEM_FIELDS[cause.code] ?? 'refreshToken', cause.message);
  }
}

function assertUnused({ accounts }: AdminParts, credential: Credential, counts: (account: Account) => boolean): void {
  const isHeld = (known: Account) =>
    identityOf(known.credential) === identityOf(credential) || isConsumed(known, credential);
  const holder = accounts.list().find((known) => isHeld(known) && counts(known));
  if (!holder) return;
  const field = credential.kind === 'api-key' ? 'apiKey' : 'refreshToken';
  throw refused(field, `This credential already belongs to the account ${holder.id} (${holder.label}).`);
}

function credentialFields(fields: Omit<NewAccountBody, 'kind'>) {
  const { refreshToken, accessToken, expiresAt, clientId, clientSecret, region, ...rest } = fields;
  const { startUrl, profileArn, tokenEndpoint, scopes, apiKey } = rest;
  const named = { refreshToken, accessToken, expiresAt, clientId, clientSecret, region };
  const all = { ...named, startUrl, profileArn: profileArn ?? undefined, tokenEndpoint, scopes, apiKey };
  const given = Object.entries(all).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

const PROBLEM_FIELDS: Partial<Record<ProblemCode, string>> = {
  'unknown-shape': 'apiKey',
  'no-registration': 'clientId',
  'bad-region': 'region',
  'bad-arn': 'profileArn',
  'bad-start-url': 'startUrl',
  'bad-token-endpoint': 'tokenEndpoint',
};

function refused(param: string, message: string): GatewayError {
  return new GatewayError('invalid_request', message, { param });
}
