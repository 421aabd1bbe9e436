/** The session of this browser: read, opened by a token or a ticket, ended. */
import { useQuery } from '@tanstack/react-query';
import type { SessionAnswer } from '../../../src/http/admin/contract/session.ts';
import { ApiError } from '../api/error.ts';
import { SESSION_KEY } from '../api/keys.ts';
import { queryClient } from '../api/query-client.ts';
import { get, post, remove, setCsrfToken } from '../api/request.ts';

/** `data` is null while signed out. */
export function useSession() {
  return useQuery({ queryKey: SESSION_KEY, queryFn: readSession, staleTime: Number.POSITIVE_INFINITY });
}

async function readSession(): Promise<SessionAnswer | null> {
  try {
    return remember(await get<SessionAnswer>('/v2/session'));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** Rejects with ApiError. */
export async function signIn(proof: { readonly token: string } | { readonly ticket: string }): Promise<void> {
  const answer = remember(await post<SessionAnswer>('/v2/session', proof));
  queryClient.setQueryData(SESSION_KEY, answer);
}

/** Everything that was read goes, too. */
export async function signOut(everywhere: boolean): Promise<void> {
  await remove('/v2/session', { query: everywhere ? { all: true } : {} });
  queryClient.clear();
  queryClient.setQueryData(SESSION_KEY, null);
}

function remember(answer: SessionAnswer): SessionAnswer {
  setCsrfToken(answer.csrfToken ?? undefined);
  return answer;
}

/** The ticket of a one-time link, `/#ticket=…`. The address forgets it at once: it must not stay in the history. */
export function takeTicket(): string | undefined {
  const ticket = new URLSearchParams(location.hash.slice(1)).get('ticket') ?? undefined;
  if (ticket !== undefined) history.replaceState(history.state, '', location.pathname + location.search);
  return ticket;
}
