/** The addresses of the console's pages: each answers with the same document, and the browser shows the page. */
import type { IncomingMessage } from 'node:http';

/** In Fastify's notation. */
export const PAGE_PATHS = [
  '/',
  '/accounts',
  '/accounts/*',
  '/chat',
  '/requests',
  '/requests/*',
  '/keys',
  '/keys/*',
  '/models',
  '/models/*',
  '/connect',
  '/connect/*',
  '/settings',
  '/settings/*',
  '/usage',
] as const;

const ROOTS = new Set(PAGE_PATHS.map((path) => path.split('/')[1]));

/**
 * Whether a browser opens a page. `/chat` and `/models` are also aliases of API paths without `/v1`: what a client accepts
 * tells them apart, since programs ask for JSON or anything, and browsers ask for HTML.
 */
export function isPageRequest({ method, url = '/', headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (!headers.accept?.includes('text/html')) return false;
  const [, root = ''] = url.split(/[/?]/, 2);
  return ROOTS.has(root);
}
