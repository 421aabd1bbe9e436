/** The frame of every page: navigation, top bar, content. */
import { Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { CrashBoundary } from '../components/crash-boundary.tsx';
import { AlertBanner } from './alert-banner.tsx';
import { pageOf } from './pages.ts';
import { BottomBar, Rail } from './rail.tsx';
import classes from './shell.module.css';
import { TopBar } from './top-bar.tsx';

export function Shell() {
  const { t } = useTranslation('shell');
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const page = pageOf(path);
  const main = useFocusOnPageChange(page);
  return (
    <div className={classes.shell}>
      <a className="skip-link" href="#content">
        {t('skip')}
      </a>
      <Rail current={page} />
      <div className={classes.body}>
        <TopBar page={page} />
        <AlertBanner />
        <main id="content" tabIndex={-1} ref={main} className={classes.content}>
          <CrashBoundary key={page}>
            <Outlet />
          </CrashBoundary>
        </main>
      </div>
      <BottomBar current={page} />
    </div>
  );
}

/** A screen reader goes on reading at the new page, as it would after loading a document. */
function useFocusOnPageChange(page: string | undefined) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page) return;
    shown.current = page;
    main.current?.focus({ preventScroll: true });
  }, [page]);
  return main;
}
