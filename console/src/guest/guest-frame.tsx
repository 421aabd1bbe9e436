/** The frame of the pages that need no sign-in. */
import { Anchor } from '@mantine/core';
import { Link, Outlet } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { CrashBoundary } from '../components/crash-boundary.tsx';
import logo from '../favicon.svg';
import { LanguageMenu } from '../shell/language-menu.tsx';
import { ThemeMenu } from '../shell/theme-menu.tsx';
import classes from './guest-frame.module.css';
import { GUEST_PAGES } from './guest-pages.ts';

export function GuestFrame({ page, isSignedIn }: { readonly page: string; readonly isSignedIn: boolean }) {
  const { t } = useTranslation('shell');
  return (
    <div className={classes.page}>
      <a className="skip-link" href="#content">
        {t('skip')}
      </a>
      <header className={classes.top}>
        <img src={logo} alt="" width={28} height={28} />
        <span className={classes.product}>{t('product')}</span>
        <nav aria-label={t('navigation')} className={classes.links}>
          {GUEST_PAGES.map((name) => (
            <Link
              key={name}
              to={`/${name}`}
              className={classes.link}
              {...(page === name && { 'aria-current': 'page' as const })}
            >
              {t(`pages.${name}`)}
            </Link>
          ))}
        </nav>
        <div className={classes.tools}>
          {/* A new document: the session is read again. */}
          <Anchor href="/" size="sm" className={classes.entrance}>
            {t(isSignedIn ? 'console' : 'signIn')}
          </Anchor>
          <LanguageMenu />
          <ThemeMenu />
        </div>
      </header>
      <main id="content" tabIndex={-1} className={classes.content}>
        <CrashBoundary key={page}>
          <Outlet />
        </CrashBoundary>
      </main>
    </div>
  );
}
