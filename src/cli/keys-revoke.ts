/** `dragoman keys revoke`. */
import { didYouMean } from '../core/did-you-mean.ts';
import { GatewayError } from '../core/errors.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import { toKeyView } from '../http/admin/key-view.ts';
import { type Command, printJson, requiredArgument } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const keysRevoke: Command = {
  name: 'revoke',
  summary: 'refuses an API key from now on',
  argument: { name: 'key', meaning: 'its id, its name, or how it begins' },
  options: [
    { flag: '--forget', meaning: 'as if it had never been: without any key left, local mode comes back' },
    ...settingOptions('database'),
  ],
  examples: ['dragoman keys revoke laptop', 'dragoman keys revoke key-4f1c2d3e4a5b --forget'],
  async run(input) {
    const { terminal, json, options } = input;
    const named = requiredArgument(input, 'a key: `dragoman keys list` shows them');
    await using opened = await openGateway(input);
    const { id, name } = meantKey(named, opened.apiKeys.list());
    if (options.forget === true) {
      await opened.apiKeys.forget(id);
      if (json) printJson(terminal, { removed: id });
      else terminal.out(`Forgotten: ${terminal.style('bold', name)} (${id}).\n`);
      return 0;
    }
    const revoked = await opened.apiKeys.revoke(id);
    if (json) printJson(terminal, { key: toKeyView(revoked, Date.now()) });
    else terminal.out(`Revoked: ${terminal.style('bold', name)} (${id}).\n`);
    return 0;
  },
};

/** Of several keys of one name the one which is still good. */
function meantKey(named: string, keys: readonly StoredKey[]): StoredKey {
  const exact = keys.filter(({ id }) => id === named);
  const isNamed = ({ name, prefix }: StoredKey) => name.toLowerCase() === named.toLowerCase() || isStart(prefix, named);
  const meant = exact.length > 0 ? exact : keys.filter(isNamed);
  const good = meant.filter(({ revokedAtMs }) => revokedAtMs === undefined);
  const [only, second] = good.length > 0 ? good : meant;
  if (only && !second) return only;
  const shown = JSON.stringify(named.slice(0, 12));
  if (second) throw new GatewayError('not_found', `Several keys match ${shown}: ${listed(meant)}. Use an id.`);
  // A pasted key is long: neither shown nor compared.
  const suggestion = didYouMean(
    named,
    keys.flatMap(({ id, name }) => [id, name]),
  );
  const known = keys.length === 0 ? 'No key is stored.' : `The keys are: ${listed(keys)}.`;
  throw new GatewayError('not_found', `There is no key ${shown}.${suggestion} ${known}`);
}

function listed(keys: readonly StoredKey[]): string {
  return keys.map(({ id, name }) => `${id} (${name})`).join(', ');
}

/** Somebody may have pasted the whole key. */
function isStart(prefix: string, named: string): boolean {
  return named.length >= prefix.length && named.startsWith(prefix);
}
