/** `dragoman keys set`: changes, enables and disables an API key. */
import type { KeyChange } from '../gateway/stored-keys.ts';
import { toKeyView } from '../http/admin/key-view.ts';
import { systemClock } from '../transport/clock.ts';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { KEY_ARGUMENT, keyOf } from './key-argument.ts';
import { KEY_OPTIONS, keyChangeOf } from './key-options.ts';
import { openGateway } from './open-gateway.ts';
import { recordKey } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const keysSet: Command = {
  name: 'set',
  summary: 'Change the name, limits, models or state of an API key',
  argument: KEY_ARGUMENT,
  options: [
    { flag: '--name <text>', meaning: 'new name' },
    ...KEY_OPTIONS,
    { flag: '--disable', meaning: 'refuse the key until it is enabled again' },
    { flag: '--enable', meaning: 'accept the key again' },
    ...settingOptions('database'),
  ],
  examples: [
    'dragoman keys set laptop --requests-per-minute 30 --credits-per-day 10',
    'dragoman keys set laptop --credits-per-day none --expires 2027-01-31',
    'dragoman keys set key-4f1c2d3e4a5b --disable',
  ],
  async run(input) {
    const { terminal, json } = input;
    const change = changeOf(input);
    await using opened = await openGateway(input);
    const before = keyOf(input, opened.apiKeys);
    const changed = await opened.apiKeys.change(before.id, change);
    await recordKey(opened, 'key.change', before, changed);
    const key = toKeyView(changed, systemClock.now());
    if (json) printJson(terminal, { key });
    else terminal.out(`Changed ${terminal.style('bold', key.name)} (${key.id}): ${key.state}.\n`);
    return 0;
  },
};

function changeOf(input: CommandInput): KeyChange {
  const { enable, disable } = input.options;
  if (enable === true && disable === true) throw new UsageError('Pass either --enable or --disable, not both.');
  const enabled = enable === true ? true : disable === true ? false : undefined;
  const change: KeyChange = { ...keyChangeOf(input), name: textOption(input, 'name'), enabled };
  if (Object.values(change).every((value) => value === undefined))
    throw new UsageError('Nothing to change. `dragoman keys set --help` lists the options.');
  return change;
}
