/** `dragoman keys list`. */
import type { KeyView } from '../http/admin/contract/key.ts';
import { toKeyView } from '../http/admin/key-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, printJson } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';
import { fittedTable } from './terminal.ts';

export const keysList: Command = {
  name: 'list',
  summary: 'List API keys by prefix, with their state',
  options: settingOptions('database'),
  examples: ['dragoman keys list', "dragoman keys list --json | jq -r '.keys[] | select(.usable) | .name'"],
  async run(input) {
    const { terminal, json } = input;
    await using opened = await openGateway(input);
    const nowMs = systemClock.now();
    const keys = opened.apiKeys.list().map((key) => toKeyView(key, nowMs));
    const configured = opened.settings.apiKeys.length;
    if (json) {
      printJson(terminal, { keys, configured });
      return 0;
    }
    const rows = keys.map((key) => [
      key.id,
      key.name,
      `${key.prefix}…`,
      stateText(key),
      key.createdAt.slice(0, 10),
      lastUse(key),
    ]);
    if (rows.length > 0)
      terminal.out(
        fittedTable([['key', 'name', 'prefix', 'state', 'created', 'last lastUse'], ...rows], terminal.columns),
      );
    if (configured > 0) terminal.out(`${configured} more in the settings (DRAGOMAN_API_KEYS).\n`);
    if (rows.length === 0 && configured === 0)
      terminal.say('No API key: the gateway is in local mode. Create one with `dragoman keys create NAME`.\n');
    return 0;
  },
};

function stateText({ usable, revokedAt, expiresAt }: KeyView): string {
  if (revokedAt !== null) return `revoked ${revokedAt.slice(0, 10)}`;
  if (expiresAt === null) return 'active';
  return usable ? `active until ${expiresAt.slice(0, 10)}` : `expired ${expiresAt.slice(0, 10)}`;
}

function lastUse({ lastUsedAt }: KeyView): string {
  return lastUsedAt === null ? 'never' : `${lastUsedAt.slice(0, 16).replace('T', ' ')} UTC`;
}
