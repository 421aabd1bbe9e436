/** Renders the settings table of docs/settings.md; a test compares the two. */
import { SETTING_KEYS, SETTINGS } from './settings.ts';

export function settingsMarkdown(): string {
  const rows = SETTING_KEYS.map((key) => {
    const { name, alsoRead, fallbackText, accepts, meaning } = SETTINGS[key];
    const others = alsoRead.map((other) => `\`${other}\``).join(', ');
    return `| \`${name}\` | ${fallbackText} | ${others} | ${accepts} | ${meaning} |`;
  });
  return ['| variable | default | also read | accepted | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}
