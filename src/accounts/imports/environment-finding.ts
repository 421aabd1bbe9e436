/** The account which the settings name, to be kept when they name it no longer. */
import { environmentAccounts, type NamedCredentials } from '../environment.ts';
import { fieldsOf, locate } from './fields.ts';
import { type Finding, outcomeOf } from './finding.ts';
import { KIND_FAMILIES, type Reading, toSecrets } from './secrets.ts';

/** Throws `invalid_request` for half a credential. */
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
