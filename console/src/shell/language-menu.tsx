/** Chooses the language. Each is named in itself. */
import { Menu, UnstyledButton } from '@mantine/core';
import { IconLanguage } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '../texts/languages.ts';
import classes from './shell.module.css';

export function LanguageMenu() {
  const { t } = useTranslation('shell');
  const current = currentLanguage();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton
          className={classes.tool}
          aria-label={`${t('language')}: ${LANGUAGES[current]}`}
          title={t('language')}
        >
          <IconLanguage size={20} stroke={1.7} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={current} onChange={(language) => chooseLanguage(language as Language)}>
          {Object.entries(LANGUAGES).map(([language, name]) => (
            <Menu.RadioItem key={language} value={language} lang={language}>
              {name}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
