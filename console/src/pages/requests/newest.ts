/** Adds the newest requests to the pages that are loaded, so that a live list costs one small query and not all of them. */
import type { InfiniteData } from '@tanstack/react-query';
import type { RequestPage } from '../../api/requests.ts';

export type LoadedPages = InfiniteData<RequestPage, string | undefined>;

/** More requests than one page has ended meanwhile: there would be a gap, so the list starts over. */
export function withNewest(loaded: LoadedPages, newest: RequestPage): LoadedPages {
  const [first, ...others] = loaded.pages;
  if (!first) return loaded;
  const known = new Set(loaded.pages.flatMap(({ requests }) => requests.map(({ id }) => id)));
  const fresh = newest.requests.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return loaded;
  const hasGap = fresh.length === newest.requests.length && newest.nextCursor !== null && known.size > 0;
  if (hasGap) return { pages: [newest], pageParams: [undefined] };
  return { ...loaded, pages: [{ ...first, requests: [...fresh, ...first.requests] }, ...others] };
}
