/** The settings as people and the admin API see them: each with its origin, secrets covered. */
import { SETTING_KEYS, SETTINGS } from '../config/settings.ts';
import { type LoadedSettings, originText, type Settings, shownValue } from '../config.ts';
import type { SettingView } from '../http/admin/contract/setting.ts';

/** Without origins they were put together by a program. */
export function toSettingViews(settings: Settings, origins: LoadedSettings['origins'] | undefined): SettingView[] {
  return SETTING_KEYS.map((key) => {
    const { name, accepts, meaning } = SETTINGS[key];
    const origin = origins ? originText(origins[key]) : 'program';
    return { name, value: shownValue(key, settings), origin, accepts, meaning };
  });
}
