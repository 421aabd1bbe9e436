/** The pages by address. Each is loaded when it is first opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  retainSearchParams,
} from '@tanstack/react-router';
import { CrashNotice, toError } from './components/crash-boundary.tsx';
import { parseKeysSearch } from './pages/keys/keys-search.ts';
import { parseModelsSearch } from './pages/models/models-search.ts';
import { parseOverviewSearch } from './pages/overview/overview-search.ts';
import { parseRequestsSearch } from './pages/requests/requests-search.ts';
import { parseSettingsSearch } from './pages/settings/settings-search.ts';
import { Frame } from './shell/frame.tsx';
import { NotFoundPage } from './shell/not-found-page.tsx';
import { parseRange, type RangeSearch } from './shell/range.ts';

interface ChatSearch {
  /** Begins with a prompt filled in. */
  readonly hello?: true | undefined;
  readonly model?: string | undefined;
}

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFoundPage,
  errorComponent: ({ error }) => <CrashNotice error={toError(error)} />,
  validateSearch: (search): RangeSearch => parseRange(search),
  search: { middlewares: [retainSearchParams<RangeSearch>(['range', 'from', 'to'])] },
});

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview/overview-page.tsx'), 'OverviewPage'),
  validateSearch: parseOverviewSearch,
});

const accounts = createRoute({
  getParentRoute: () => root,
  path: '/accounts',
  validateSearch: ({ view }: Record<string, unknown>): { view?: 'table' | undefined } =>
    view === 'table' ? { view } : {},
  component: lazyRouteComponent(() => import('./pages/accounts/accounts-page.tsx'), 'AccountsPage'),
});

const account = createRoute({
  getParentRoute: () => accounts,
  path: '$accountId',
  component: lazyRouteComponent(() => import('./pages/accounts/account-panel.tsx'), 'AccountPanel'),
});

const chat = createRoute({
  getParentRoute: () => root,
  path: '/chat',
  validateSearch: ({ hello, model }: Record<string, unknown>): ChatSearch => ({
    ...(hello === true && { hello }),
    ...(typeof model === 'string' && { model }),
  }),
  component: lazyRouteComponent(() => import('./pages/chat/chat-page.tsx'), 'ChatPage'),
});

const requests = createRoute({
  getParentRoute: () => root,
  path: '/requests',
  component: lazyRouteComponent(() => import('./pages/requests/requests-page.tsx'), 'RequestsPage'),
  validateSearch: parseRequestsSearch,
});

const request = createRoute({
  getParentRoute: () => requests,
  path: '$requestId',
  component: lazyRouteComponent(() => import('./pages/requests/request-panel.tsx'), 'RequestPanel'),
});

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('./pages/keys/keys-page.tsx'), 'KeysPage'),
  validateSearch: parseKeysSearch,
});

const key = createRoute({
  getParentRoute: () => keys,
  path: '$keyId',
  component: lazyRouteComponent(() => import('./pages/keys/key-panel.tsx'), 'KeyPanel'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(() => import('./pages/models/models-page.tsx'), 'ModelsPage'),
  validateSearch: parseModelsSearch,
});

const connect = createRoute({
  getParentRoute: () => root,
  path: '/connect',
  validateSearch: ({ client }: Record<string, unknown>): { client?: string | undefined } =>
    typeof client === 'string' ? { client } : {},
  component: lazyRouteComponent(() => import('./pages/connect/connect-page.tsx'), 'ConnectPage'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
  validateSearch: parseSettingsSearch,
});

const usage = createRoute({
  getParentRoute: () => root,
  path: '/usage',
  component: lazyRouteComponent(() => import('./pages/usage/usage-page.tsx'), 'UsagePage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    accounts.addChildren([account]),
    chat,
    requests.addChildren([request]),
    keys.addChildren([key]),
    models,
    connect,
    settings,
    usage,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultErrorComponent: ({ error }) => <CrashNotice error={toError(error)} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
