/**
 * Settings for display, each with its origin, secrets masked. Directly in src/, because the command line and the admin
 * API both need it and `http` may not import `config`.
 */
import { SETTING_KEYS, SETTINGS } from './config/settings.ts';
import { type LoadedSettings, originText, type Settings, shownValue } from './config.ts';
import type { SettingView } from './http/admin/contract/overview.ts';

/** Without `origins`, every setting's origin is "program". */
export function toSettingViews(settings: Settings, origins: LoadedSettings['origins'] | undefined): SettingView[] {
  return SETTING_KEYS.map((key) => {
    const { name, accepts, meaning } = SETTINGS[key];
    const origin = origins ? originText(origins[key]) : 'program';
    return { name, value: shownValue(key, settings), origin, changeable: false, accepts, meaning };
  });
}
