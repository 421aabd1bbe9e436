/** The pages that need no sign-in, since a colleague with a client key is no administrator. */
export const GUEST_PAGES = ['connect', 'usage'] as const;

export function isGuestPage(path: string): boolean {
  return GUEST_PAGES.some((page) => path === `/${page}`);
}
