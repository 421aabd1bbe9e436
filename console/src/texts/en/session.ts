/** Signing in to the console. */
export const session = {
  title: 'Sign in to dragoman',
  lead: 'The admin token was shown when the gateway first started.',
  token: 'Admin token',
  submit: 'Sign in',
  lost: 'Token lost? Run one of these where the gateway runs:',
  link: 'opens this page, signed in',
  reset: 'makes a new token',
  ticketTitle: 'Signing in…',
  ticketFailed: 'The one-time link did not work',
  failed: 'Sign-in failed',
  empty: 'Enter the admin token.',
};
