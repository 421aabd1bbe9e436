/** Where the browser goes after a sign-in: the client's address with the code and its state. */
export function authorizeLocation(redirectUri: string, code: string, state: string): string {
  const location = new URL(redirectUri);
  location.searchParams.set('code', code);
  location.searchParams.set('state', state);
  return location.href;
}
