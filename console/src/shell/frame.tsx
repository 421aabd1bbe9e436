/** What surrounds a page: the console's shell for a reader who is signed in, less for one who is not. */
import { useRouterState } from '@tanstack/react-router';
import { GuestFrame } from '../guest/guest-frame.tsx';
import { isGuestPage } from '../guest/guest-pages.ts';
import { useSession } from '../session/session.ts';
import { SignInPage } from '../session/sign-in-page.tsx';
import { Shell } from './shell.tsx';

export function Frame() {
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const { data: session } = useSession();
  const isSignedIn = session !== null && session !== undefined;
  // About a key, not about the gateway: the same for every reader.
  if (isSignedIn && path !== '/usage') return <Shell />;
  return isGuestPage(path) ? <GuestFrame page={path.slice(1)} isSignedIn={isSignedIn} /> : <SignInPage />;
}
