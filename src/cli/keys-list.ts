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
      key.owner ?? '',
      `${key.prefix}…`,
      stateText(key),
      limitsText(key),
      key.createdAt.slice(0, 10),
      lastUse(key),
    ]);
    if (rows.length > 0)
      terminal.out(
        fittedTable(
          [['key', 'name', 'owner', 'prefix', 'state', 'limits', 'created', 'last use'], ...rows],
          terminal.columns,
        ),
      );
    if (configured > 0) terminal.out(`${configured} more in the settings (DRAGOMAN_API_KEYS).\n`);
    if (rows.length === 0 && configured === 0)
      terminal.say('No API key: the gateway is in local mode. Create one with `dragoman keys create NAME`.\n');
    return 0;
  },
};

function stateText({ state, revokedAt, expiresAt }: KeyView): string {
  const date = (state === 'revoked' ? revokedAt : expiresAt)?.slice(0, 10);
  if (date === undefined || state === 'disabled') return state;
  return state === 'active' ? `active until ${date}` : `${state} ${date}`;
}

function limitsText(key: KeyView): string {
  const limits: readonly (readonly [number | null, string])[] = [
    [key.requestsPerMinute, 'requests/min'],
    [key.concurrency, 'at once'],
    [key.tokensPerMinute, 'tokens/min'],
    [key.creditsPerDay, 'credits/day'],
    [key.creditsPerMonth, 'credits/month'],
  ];
  const texts = limits.flatMap(([limit, unit]) => (limit === null ? [] : [`${limit} ${unit}`]));
  return [...texts, ...(key.models ?? []), ...(key.group === null ? [] : [`group ${key.group}`])].join(', ');
}

function lastUse({ lastUsedAt }: KeyView): string {
  return lastUsedAt === null ? 'never' : `${lastUsedAt.slice(0, 16).replace('T', ' ')} UTC`;
}
