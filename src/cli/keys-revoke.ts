/** `dragoman keys revoke`. */
import { didYouMean } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import { toKeyView } from '../http/admin/key-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, printJson, requiredArgument } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const keysRevoke: Command = {
  name: 'revoke',
  summary: 'Revoke an API key',
  argument: { name: 'key', meaning: 'key id, name or prefix' },
  options: [
    { flag: '--forget', meaning: 'delete the key entirely; local mode returns once no key is left' },
    ...settingOptions('database'),
  ],
  examples: ['dragoman keys revoke laptop', 'dragoman keys revoke key-4f1c2d3e4a5b --forget'],
  async run(input) {
    const { terminal, json, options } = input;
    const reference = requiredArgument(input, 'a key; `dragoman keys list` shows them');
    await using opened = await openGateway(input);
    const { id, name } = findKey(reference, opened.apiKeys.list());
    if (options.forget === true) {
      await opened.apiKeys.forget(id);
      if (json) printJson(terminal, { removed: id });
      else terminal.out(`Deleted ${terminal.style('bold', name)} (${id}).\n`);
      return 0;
    }
    const revoked = await opened.apiKeys.revoke(id);
    if (json) printJson(terminal, { key: toKeyView(revoked, systemClock.now()) });
    else terminal.out(`Revoked ${terminal.style('bold', name)} (${id}).\n`);
    return 0;
  },
};

/** Finds a key by exact id, name or prefix; among keys of one name, prefers the one that is not revoked. */
function findKey(reference: string, keys: readonly StoredKey[]): StoredKey {
  const exact = keys.filter(({ id }) => id === reference);
  const isMatch = ({ name, prefix }: StoredKey) =>
    name.toLowerCase() === reference.toLowerCase() || isStart(prefix, reference);
  const matches = exact.length > 0 ? exact : keys.filter(isMatch);
  const active = matches.filter(({ revokedAtMs }) => revokedAtMs === undefined);
  const [only, second] = active.length > 0 ? active : matches;
  if (only && !second) return only;
  const shown = JSON.stringify(reference.slice(0, 12));
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
