/** Above every page: its title, the time range, whether it is live, search, language, theme, log-out. */
import { Kbd, Menu, Tooltip, UnstyledButton } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconLogout, IconSearch } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useIsLive } from '../api/live.ts';
import { signOut } from '../session/session.ts';
import { LanguageMenu } from './language-menu.tsx';
import type { PageName } from './pages.ts';
import { RangeMenu } from './range-menu.tsx';
import { Search } from './search.tsx';
import classes from './shell.module.css';
import { ThemeMenu } from './theme-menu.tsx';

/** Pages whose content depends on the time range. */
const WITH_RANGE: readonly (PageName | undefined)[] = ['overview', 'requests', 'keys'];

export function TopBar({ page }: { readonly page: PageName | undefined }) {
  const { t } = useTranslation('shell');
  const [isSearching, search] = useDisclosure(false);
  useHotkeys([
    ['/', search.open],
    ['mod+K', search.open],
  ]);
  return (
    <header className={classes.top}>
      {/* The page has the heading; here it is only shown. */}
      <span className={classes.title} aria-hidden>
        {page === undefined ? t('product') : t(`pages.${page}`)}
      </span>
      {WITH_RANGE.includes(page) && <RangeMenu />}
      <LiveDot />
      <UnstyledButton className={classes.searchButton} onClick={search.open} aria-label={t('search.label')}>
        <IconSearch size={18} stroke={1.8} aria-hidden />
        <span className={classes.searchWord}>{t('search.label')}</span>
        <Kbd size="xs" className={classes.searchWord} aria-hidden>
          /
        </Kbd>
      </UnstyledButton>
      <LanguageMenu />
      <ThemeMenu />
      <SessionMenu />
      <Search isOpen={isSearching} close={search.close} />
    </header>
  );
}

function LiveDot() {
  const { t } = useTranslation('shell');
  const isLive = useIsLive();
  const state = isLive ? 'on' : 'off';
  return (
    <Tooltip label={t(`live.${state}Hint`)}>
      <span className={classes.live} data-live={isLive} role="status">
        <span className={classes.dot} aria-hidden />
        <span className={classes.liveWord}>{t(`live.${state}`)}</span>
      </span>
    </Tooltip>
  );
}

function SessionMenu() {
  const { t } = useTranslation('shell');
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <UnstyledButton className={classes.tool} aria-label={t('account.menu')} title={t('account.menu')}>
          <IconLogout size={20} stroke={1.7} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => signOut(false)}>{t('account.signOut')}</Menu.Item>
        <Menu.Item onClick={() => signOut(true)}>{t('account.signOutAll')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
