/** `dragoman config`: shows the effective settings. */
import { SETTING_KEYS, SETTINGS } from '../config/settings.ts';
import type { Settings } from '../config.ts';
import type { SettingView } from '../http/admin/contract/overview.ts';
import { toSettingViews } from '../setting-views.ts';
import { type Command, type CommandInput, printJson } from './command.ts';
import { printWarnings, settingOptions, settingsOf } from './settings-of.ts';
import { table } from './terminal.ts';

export const config: Command = {
  name: 'config',
  summary: 'Show the effective settings and their origins, with secrets masked',
  options: [
    ...settingOptions('host', 'port', 'database', 'upstream'),
    { flag: '--profiles', meaning: 'list the wire profiles and their origins instead' },
    {
      flag: '--markdown',
      meaning: 'print the documentation table of all settings (with --profiles: of all profile members)',
    },
  ],
  examples: ['dragoman config', 'dragoman config --profiles', 'dragoman config --json | jq .DRAGOMAN_PORT'],
  async run(input) {
    const { terminal, json } = input;
    if (input.options.markdown === true && input.options.profiles !== true) {
      terminal.out(`${settingsMarkdown()}\n`);
      return 0;
    }
    const loaded = settingsOf(input);
    printWarnings(input, loaded);
    const { settings, origins } = loaded;
    if (input.options.profiles === true) return printProfiles(settings, input);
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

/** Also loads the user's own profile files, which reports mistakes in them before a start. */
async function printProfiles(settings: Settings, { terminal, json, options }: CommandInput): Promise<number> {
  if (options.markdown === true) {
    const { wireProfileMarkdown } = await import('../upstreams/codewhisperer/profile-document.ts');
    terminal.out(`${wireProfileMarkdown()}\n`);
    return 0;
  }
  const { loadWireProfiles } = await import('../compose-profiles.ts');
  const listed = (await loadWireProfiles(settings)).list();
  const rows = listed.map(({ profile: { id, description, accounts }, origin, variants }) => {
    return { id, origin, accounts, variants, description };
  });
  if (json) {
    printJson(terminal, rows);
    return 0;
  }
  const cells = rows.map(({ id, origin, accounts, description }) => [
    id,
    Object.entries(accounts)
      .map(([kind, place]) => `${kind} ${place}`)
      .join(', '),
    origin,
    description,
  ]);
  terminal.out(table([['profile', 'order by kind', 'from', 'what it is'], ...cells]));
  return 0;
}

function valueText(value: SettingView['value']): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '–';
  return String(value);
}

/** The table of docs/settings.md; a test compares the two. */
export function settingsMarkdown(): string {
  const rows = SETTING_KEYS.map((key) => {
    const { name, alsoRead, fallbackText, accepts, meaning } = SETTINGS[key];
    const others = alsoRead.map((other) => `\`${other}\``).join(', ');
    return `| \`${name}\` | ${fallbackText} | ${others} | ${accepts} | ${meaning} |`;
  });
  return ['| variable | default | also read | accepted | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}
