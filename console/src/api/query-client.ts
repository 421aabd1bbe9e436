/** How the console's data is cached and kept up to date. */
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './error.ts';
import { GUEST_KEY, SESSION_KEY } from './keys.ts';

/** Events announce changes, so what is cached stays good until one arrives; this bounds what a lost event costs. */
const STALE_MS = 30_000;
const MAX_RETRIES = 2;

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, { queryKey: [first] }) {
      // A wrong client key says nothing about the session.
      if (first === GUEST_KEY[0]) return;
      // The session ended meanwhile: the shell shows the sign-in form, and the address stays.
      if (error instanceof ApiError && error.status === 401) queryClient.setQueryData(SESSION_KEY, null);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      refetchOnWindowFocus: true,
      refetchIntervalInBackground: true,
      retry: (failures, error) => isTransient(error) && failures < MAX_RETRIES,
    },
  },
});

function isTransient(error: Error): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500);
}
