/** The entries of the navigation, in its order. */
import {
  IconBook2,
  IconCube,
  IconKey,
  IconLayoutDashboard,
  IconListDetails,
  IconMessage2,
  IconPlugConnected,
  IconSettings,
  IconUsers,
} from '@tabler/icons-react';

export const PAGES = [
  { name: 'overview', to: '/', icon: IconLayoutDashboard },
  { name: 'accounts', to: '/accounts', icon: IconUsers },
  { name: 'chat', to: '/chat', icon: IconMessage2 },
  { name: 'requests', to: '/requests', icon: IconListDetails },
  { name: 'keys', to: '/keys', icon: IconKey },
  { name: 'models', to: '/models', icon: IconCube },
  { name: 'connect', to: '/connect', icon: IconPlugConnected },
  { name: 'settings', to: '/settings', icon: IconSettings },
] as const;

/** Not a page of the console: the gateway serves it. */
export const DOCS = { name: 'docs', href: '/docs', icon: IconBook2 } as const;

export type PageName = (typeof PAGES)[number]['name'];

/** The entry that a path belongs to. */
export function pageOf(path: string): PageName | undefined {
  return PAGES.find(({ to }) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)))?.name;
}
