/** Which language the console speaks, and how it is loaded. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { texts as english } from './en/index.ts';

export const LANGUAGES = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof LANGUAGES;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: typeof english;
    returnNull: false;
  }
}

const LOADERS: Record<Language, () => Promise<{ readonly texts: object }>> = {
  en: () => import('./en/index.ts'),
  'zh-CN': () => import('./zh-CN/index.ts'),
};

/** Not a secret, so the browser may keep it. */
const STORED = 'dragoman.language';

export async function startLanguages(): Promise<void> {
  const language = preferredLanguage();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'common',
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await show(language);
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language);
  await show(language);
}

export function currentLanguage(): Language {
  return i18next.language === 'zh-CN' ? 'zh-CN' : 'en';
}

async function show(language: Language): Promise<void> {
  const { texts } = await LOADERS[language]();
  for (const [namespace, catalogue] of Object.entries(texts)) i18next.addResourceBundle(language, namespace, catalogue);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

function preferredLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === 'en' || stored === 'zh-CN') return stored;
  return navigator.languages[0]?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}
