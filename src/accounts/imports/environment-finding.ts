/** The account configured in the settings, imported so that it stays when the settings change. */
import { environmentAccounts, type NamedCredentials } from '../environment.ts';
import { fieldsOf, locate } from './fields.ts';
import { type Finding, outcomeOf } from './finding.ts';
import { KIND_FAMILIES, type Reading, toSecrets } from './secrets.ts';

/** Throws `invalid_request` if the credential is incomplete. */
export function findInEnvironment(named: NamedCredentials, reading: Reading): readonly Finding[] {
  return environmentAccounts(named).map(({ id, label, credential }) => ({
    origin: 'environment',
    place: 'environment and .env',
    id,
    label,
    source: { type: 'import' },
    isSure: true,
    outcome: outcomeOf(() => {
      const { kind } = credential;
      if (kind === 'iam') return { credential, accessToken: undefined };
      const members = Object.entries(credential).flatMap(([key, value]) => {
        return typeof value === 'string' ? [[key, value] as const] : [];
      });
      const awsKind = kind === 'builder-id' || kind === 'idc' ? kind : undefined;
      return toSecrets(fieldsOf(locate(Object.fromEntries(members))), {
        ...reading,
        family: KIND_FAMILIES[kind],
        awsKind,
      });
    }),
  }));
}
