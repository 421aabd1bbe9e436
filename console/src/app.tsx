/** Everything that surrounds the pages: theme, data, notifications, and whether the reader is signed in. */
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { accountsQuery } from './api/accounts.ts';
import { followEvents } from './api/live.ts';
import { queryClient } from './api/query-client.ts';
import { ConfirmDialogue } from './components/confirm.tsx';
import { CrashBoundary } from './components/crash-boundary.tsx';
import { isGuestPage } from './guest/guest-pages.ts';
import { router } from './router.tsx';
import { signIn, useSession } from './session/session.ts';
import { SignInPage } from './session/sign-in-page.tsx';
import { theme, variables } from './theme.ts';

/** Of the response that the document came in; Mantine's style elements carry it. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
/** Read by the library that keeps the page behind a dialogue from scrolling, which adds a style element too. */
Object.assign(globalThis, { __webpack_nonce__: nonce });

export function App({ ticket }: { readonly ticket: string | undefined }) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      cssVariablesResolver={variables}
      getStyleNonce={() => nonce}
    >
      <Notifications position="bottom-left" limit={3} autoClose={8_000} />
      <ConfirmDialogue />
      <QueryClientProvider client={queryClient}>
        <CrashBoundary>
          <Entrance ticket={ticket} />
        </CrashBoundary>
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** The pages for a reader who is signed in, otherwise the sign-in form and what needs no sign-in. A ticket is redeemed first. */
function Entrance({ ticket }: { readonly ticket: string | undefined }) {
  const [ticketState, setTicketState] = useState<'open' | 'done' | Error>(ticket === undefined ? 'done' : 'open');
  useEffect(() => {
    if (ticket === undefined) return;
    redeemOnce(ticket).then(
      () => setTicketState('done'),
      (error: unknown) => setTicketState(error instanceof Error ? error : new Error(String(error))),
    );
  }, [ticket]);
  if (ticketState === 'open') return <SignInPage pending />;
  return <SignedIn ticketError={ticketState === 'done' ? undefined : ticketState} />;
}

let redeemed: Promise<void> | undefined;

/** React's strict mode runs effects twice, and a ticket works once. */
function redeemOnce(ticket: string): Promise<void> {
  redeemed ??= redeem(ticket);
  return redeemed;
}

/** The link of a new gateway leads to the three ways to begin, not to a page without figures. */
async function redeem(ticket: string): Promise<void> {
  await signIn({ ticket });
  if (location.pathname !== '/') return;
  const listed = await queryClient.fetchQuery(accountsQuery).catch(() => undefined);
  if (listed?.accounts.length === 0) await router.navigate({ to: '/accounts', replace: true });
}

function SignedIn({ ticketError }: { readonly ticketError: Error | undefined }) {
  const { data: session, error, isPending, refetch } = useSession();
  const isSignedIn = session !== null && session !== undefined;
  useEffect(() => (isSignedIn ? followEvents() : undefined), [isSignedIn]);
  // Reading the session takes as long as reading the document did: less than a skeleton would be worth.
  if (isPending) return null;
  if (!isSignedIn && !isGuestPage(location.pathname))
    return <SignInPage error={ticketError ?? error ?? undefined} retry={error ? refetch : undefined} />;
  return <RouterProvider router={router} />;
}
