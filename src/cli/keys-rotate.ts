/** `dragoman keys rotate`: replaces the secret of an API key and shows the new one once. */
import { toKeyView } from '../http/admin/key-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { KEY_ARGUMENT, keyOf } from './key-argument.ts';
import { openGateway } from './open-gateway.ts';
import { recordKey } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const keysRotate: Command = {
  name: 'rotate',
  summary: 'Replace the secret of an API key and show the new one once',
  argument: KEY_ARGUMENT,
  options: [
    { flag: '--grace <time>', meaning: 'how long the old secret stays valid: 90s, 30m, 24h, 7d, or 0 (1h)' },
    ...settingOptions('database'),
  ],
  examples: [
    'dragoman keys rotate laptop',
    'dragoman keys rotate laptop --grace 24h',
    'dragoman keys rotate leaked --grace 0 --json | jq -r .secret',
  ],
  async run(input) {
    const { terminal, json } = input;
    const graceS = graceOf(input);
    await using opened = await openGateway(input);
    const before = keyOf(input, opened.apiKeys);
    const { key, secret } = await opened.apiKeys.rotate(before.id, graceS);
    await recordKey(opened, 'key.rotate', before, key);
    const view = toKeyView(key, systemClock.now());
    if (json) {
      printJson(terminal, { key: view, secret });
      return 0;
    }
    const old =
      view.previousSecretUntil === null
        ? 'no longer valid'
        : `valid until ${view.previousSecretUntil.slice(0, 19)} UTC`;
    terminal.out(`${terminal.style('bold', secret)}\n`);
    terminal.err(`New secret of ${view.name} (${view.id}). It is not shown again. The old one is ${old}.\n`);
    return 0;
  },
};

const DEFAULT_GRACE_S = 3_600;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function graceOf(input: CommandInput): number {
  const written = textOption(input, 'grace')?.trim();
  if (written === undefined) return DEFAULT_GRACE_S;
  const [, count, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(written) ?? [];
  if (count === undefined)
    throw new UsageError(
      `--grace takes a time such as 90s, 30m, 24h, 7d or 0, not ${JSON.stringify(written.slice(0, 40))}.`,
    );
  return Number(count) * (SECONDS[unit] ?? 1);
}
