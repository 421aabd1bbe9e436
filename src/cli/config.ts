/** `dragoman config`: the settings in force. */
import { settingsMarkdown } from '../config/document.ts';
import type { SettingView } from '../http/admin/contract/setting.ts';
import { type Command, printJson } from './command.ts';
import { toSettingViews } from './setting-views.ts';
import { settingOptions, settingsOf } from './settings-of.ts';
import { table } from './terminal.ts';

export const config: Command = {
  name: 'config',
  summary: 'the settings in force, each with its origin, secrets masked',
  options: [
    ...settingOptions('host', 'port', 'database', 'upstream'),
    { flag: '--markdown', meaning: 'the table of all settings, as docs/settings.md has it' },
  ],
  examples: ['dragoman config', 'dragoman config --json | jq .DRAGOMAN_PORT'],
  async run(input) {
    const { terminal, json } = input;
    if (input.options.markdown === true) {
      terminal.out(`${settingsMarkdown()}\n`);
      return 0;
    }
    const { settings, origins } = settingsOf(input);
    const rows = toSettingViews(settings, origins);
    if (json) {
      printJson(terminal, Object.fromEntries(rows.map(({ name, value, origin }) => [name, { value, origin }])));
      return 0;
    }
    const cells = rows.map(({ name, value, origin }) => [name, valueText(value), origin === 'default' ? '' : origin]);
    terminal.out(table([['setting', 'value', 'from'], ...cells]));
    return 0;
  },
};

function valueText(value: SettingView['value']): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '–';
  return String(value);
}
