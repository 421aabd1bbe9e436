/** The key that a command is about: by id, name or prefix. */
import { didYouMean } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import type { ApiKeys } from '../gateway/api-keys.ts';
import { prefixOf } from '../gateway/key-secret.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import { type CommandInput, requiredArgument } from './command.ts';

export const KEY_ARGUMENT = { name: 'key', meaning: 'key id, name or prefix' };

/** Throws UsageError without an argument, and `not_found` if no key or more than one matches. */
export function keyOf(input: CommandInput, keys: Pick<ApiKeys, 'list'>): StoredKey {
  const reference = requiredArgument(input, 'a key; `dragoman keys list` shows them');
  return findKey(reference, keys.list());
}

/** Finds a key by exact id, name or prefix; among keys of one name, prefers the one that is not revoked. */
function findKey(reference: string, keys: readonly StoredKey[]): StoredKey {
  const exact = keys.filter(({ id }) => id === reference);
  const isMatch = ({ name, prefix }: StoredKey) =>
    name.toLowerCase() === reference.toLowerCase() || isStart(prefix, reference);
  const matches = exact.length > 0 ? exact : keys.filter(isMatch);
  const active = matches.filter(({ revokedAtMs }) => revokedAtMs === undefined);
  const [only, second] = active.length > 0 ? active : matches;
  if (only && !second) return only;
  // A pasted key must not be printed.
  const shown = JSON.stringify(prefixOf(reference));
  if (second) throw new GatewayError('not_found', `Several keys match ${shown}: ${listed(matches)}. Use an id.`);
  // A pasted key is long, so it finds no suggestion and is not printed.
  const suggestion = didYouMean(
    reference,
    keys.flatMap(({ id, name }) => [id, name]),
  );
  const known = keys.length === 0 ? 'No key is stored.' : `Keys: ${listed(keys)}.`;
  throw new GatewayError('not_found', `No key matches ${shown}.${suggestion} ${known}`);
}

function listed(keys: readonly StoredKey[]): string {
  return keys.map(({ id, name }) => `${id} (${name})`).join(', ');
}

/** Also accepts the whole key, pasted. */
function isStart(prefix: string, reference: string): boolean {
  return reference.length >= prefix.length && reference.startsWith(prefix);
}
