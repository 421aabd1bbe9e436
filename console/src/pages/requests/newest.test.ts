import { describe, expect, it } from 'vitest';
import type { LedgerRequest, RequestPage } from '../../api/requests.ts';
import { type LoadedPages, withNewest } from './newest.ts';

const page = (ids: string, nextCursor: string | null = 'more'): RequestPage => ({
  requests: [...ids].map((id) => ({ id }) as LedgerRequest),
  nextCursor,
});
const loaded = (...pages: RequestPage[]): LoadedPages => ({ pages, pageParams: pages.map(() => undefined) });
const idsOf = ({ pages }: LoadedPages) => pages.flatMap(({ requests }) => requests.map(({ id }) => id)).join('');

describe('the newest requests', () => {
  it('come before those that are loaded, which stay', () => {
    expect(idsOf(withNewest(loaded(page('dcb'), page('a', null)), page('fed')))).toBe('fedcba');
  });

  it('change nothing if all are known', () => {
    const before = loaded(page('dcb'));
    expect(withNewest(before, page('dc'))).toBe(before);
  });

  it('replace the list if some in between are missing', () => {
    expect(idsOf(withNewest(loaded(page('dcb'), page('a', null)), page('zyx')))).toBe('zyx');
  });

  it('fill an empty list', () => {
    expect(idsOf(withNewest(loaded(page('', null)), page('ba', null)))).toBe('ba');
  });
});
