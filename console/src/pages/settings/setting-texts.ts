/** The meaning of a setting in the reader's language. The gateway has it in English. */
import { useQuery } from '@tanstack/react-query';
import type { Setting } from '../../api/settings.ts';
import { currentLanguage } from '../../texts/languages.ts';

type SettingTexts = Pick<Setting, 'meaning' | 'accepts'>;

/** Of the Chinese pages only, so loaded with the first of them. */
async function load(language: string): Promise<Readonly<Record<string, SettingTexts>>> {
  return language === 'zh-CN' ? (await import('../../texts/zh-CN/setting-meanings.ts')).SETTING_MEANINGS : {};
}

/** Falls back on the gateway's own text, which a newer gateway may have alone. */
export function useSettingTexts(): (setting: Setting) => SettingTexts {
  const language = currentLanguage();
  const { data = {} } = useQuery({
    queryKey: ['setting-texts', language],
    queryFn: () => load(language),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (setting) => data[setting.name] ?? setting;
}
