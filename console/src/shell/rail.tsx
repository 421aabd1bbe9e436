/** The navigation: a rail at the left, and on a phone a bar at the bottom with the rest under "More". */
import { Menu, UnstyledButton } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import logo from '../favicon.svg';
import { DOCS, PAGES, type PageName } from './pages.ts';
import classes from './shell.module.css';

interface NavigationProps {
  readonly current: PageName | undefined;
}

export function Rail({ current }: NavigationProps) {
  const { t } = useTranslation('shell');
  return (
    <nav className={classes.rail} aria-label={t('navigation')}>
      <Link to="/" className={classes.brand} aria-label={`${t('product')}: ${t('pages.overview')}`}>
        <img src={logo} alt="" width={28} height={28} />
        <span className={classes.word}>{t('product')}</span>
      </Link>
      {PAGES.map(({ name, to, icon: Icon }) => (
        <Link
          key={name}
          to={to}
          className={classes.entry}
          title={t(`pages.${name}`)}
          {...(name === current && { 'aria-current': 'page', 'data-current': true })}
        >
          <Icon size={20} stroke={1.7} aria-hidden />
          <span className={classes.word}>{t(`pages.${name}`)}</span>
        </Link>
      ))}
      <a className={classes.entry} href={DOCS.href} title={t('pages.docs')}>
        <DOCS.icon size={20} stroke={1.7} aria-hidden />
        <span className={classes.word}>{t('pages.docs')}</span>
      </a>
    </nav>
  );
}

/** What a person on the move looks at. */
const ON_PHONE: readonly PageName[] = ['overview', 'accounts', 'chat', 'requests', 'keys'];

export function BottomBar({ current }: NavigationProps) {
  const { t } = useTranslation('shell');
  const shown = PAGES.filter(({ name }) => ON_PHONE.includes(name));
  const rest = PAGES.filter(({ name }) => !ON_PHONE.includes(name));
  const isInRest = rest.some(({ name }) => name === current);
  return (
    <nav className={classes.bottom} aria-label={t('navigation')}>
      {shown.map(({ name, to, icon: Icon }) => (
        <Link
          key={name}
          to={to}
          className={classes.tab}
          {...(name === current && { 'aria-current': 'page', 'data-current': true })}
        >
          <Icon size={22} stroke={1.7} aria-hidden />
          <span>{t(`pages.${name}`)}</span>
        </Link>
      ))}
      <Menu position="top-end">
        <Menu.Target>
          <UnstyledButton className={classes.tab} {...(isInRest && { 'data-current': true })}>
            <IconDots size={22} stroke={1.7} aria-hidden />
            <span>{t('more')}</span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {rest.map(({ name, to, icon: Icon }) => (
            <Menu.Item key={name} component={Link} to={to} leftSection={<Icon size={18} aria-hidden />}>
              {t(`pages.${name}`)}
            </Menu.Item>
          ))}
          <Menu.Item component="a" href={DOCS.href} leftSection={<DOCS.icon size={18} aria-hidden />}>
            {t('pages.docs')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}
