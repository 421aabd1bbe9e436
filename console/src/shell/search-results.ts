/** What the search finds: pages at once, accounts and keys from what the gateway returns, any request by its id. */
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { accountListQuery } from '../api/accounts.ts';
import { keysQuery } from '../api/client-keys.ts';
import { DOCS, PAGES } from './pages.ts';

export interface SearchResult {
  readonly kind: string;
  readonly label: string;
  /** A page of the console … */
  readonly to?: string;
  readonly search?: Readonly<Record<string, string>>;
  /** … or an address that the gateway serves. */
  readonly href?: string;
}

const MAX_OF_A_KIND = 6;

export function useSearchResults(query: string): readonly SearchResult[] {
  const { t } = useTranslation('shell');
  const { data: accounts = [] } = useQuery(accountListQuery);
  const { data: keys } = useQuery(keysQuery);
  const text = query.trim().toLowerCase();
  const fits = (...names: (string | null | undefined)[]) => names.some((name) => name?.toLowerCase().includes(text));
  const pages = [
    ...PAGES.map(({ name, to }): SearchResult => ({ kind: t('search.pages'), label: t(`pages.${name}`), to })),
    { kind: t('search.pages'), label: t('pages.docs'), href: DOCS.href },
  ].filter(({ label, to }) => fits(label, to));
  if (text === '') return pages;
  const found = [
    ...pages,
    ...accounts
      .filter(({ id, label }) => fits(id, label))
      .slice(0, MAX_OF_A_KIND)
      .map(({ id, label }) => ({ kind: t('search.accounts'), label, to: `/accounts/${id}` })),
    ...(keys?.keys ?? [])
      .filter(({ id, name, prefix }) => fits(id, name, prefix))
      .slice(0, MAX_OF_A_KIND)
      .map(({ id, name }) => ({ kind: t('search.keys'), label: name, to: `/keys/${id}` })),
  ];
  const trimmed = query.trim();
  const requests = /^req_\w+$/.test(trimmed)
    ? { kind: t('search.requests'), label: t('search.openRequest', { id: trimmed }), to: `/requests/${trimmed}` }
    : {
        kind: t('search.requests'),
        label: t('search.searchRequests', { query: trimmed }),
        to: '/requests',
        search: { q: trimmed },
      };
  return [...found, requests];
}
