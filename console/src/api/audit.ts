/** Who changed what, and when. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import type { AuditEntryView } from '../../../src/http/admin/contract/audit.ts';
import { AUDIT_KEY } from './keys.ts';
import { get } from './request.ts';

export type AuditEntry = AuditEntryView;

interface AuditPage {
  readonly entries: readonly AuditEntryView[];
  readonly nextCursor: string | null;
}

export const auditQuery = infiniteQueryOptions({
  queryKey: AUDIT_KEY,
  queryFn: ({ signal, pageParam: cursor }) => get<AuditPage>('/v2/audit', { query: { limit: 100, cursor }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last: AuditPage) => last.nextCursor ?? undefined,
  // Changes by other people are shown when the reader comes back.
  staleTime: 0,
});
