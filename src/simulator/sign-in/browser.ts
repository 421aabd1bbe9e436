/** The user's browser: approves or denies, on a page or at once, and redirects to the program that opened it. */
import type { Answer, Call } from '../call.ts';
import type { SimulatedAccountState } from '../identities.ts';
import type { World } from '../world.ts';
import { escapeHtml, page } from './verification-page.ts';

interface Yes {
  readonly redirectUri: string;
  readonly code: string;
}

/** `answer=approve` or `answer=deny` in the query is the user's decision; without it the simulator's settings decide. */
export function answerInBrowser(
  call: Call,
  { settings }: World,
  { account }: SimulatedAccountState,
  yes: () => Yes,
): Answer {
  const { query } = call;
  const answer = query.get('answer') ?? (settings.asksInBrowser ? 'ask' : 'approve');
  const state = query.get('state') ?? '';
  switch (answer) {
    case 'approve': {
      const { redirectUri, code } = yes();
      return back(redirectUri, { code, state });
    }
    case 'deny':
      return back(yes().redirectUri, { error: 'access_denied', error_description: 'The user denied access.', state });
    default:
      return page(
        `<p>Account <b>${escapeHtml(account.id)}</b></p><p>${link(call, 'approve')} ${link(call, 'deny')}</p>`,
      );
  }
}

function link({ path, query }: Call, answer: 'approve' | 'deny'): string {
  const answered = new URLSearchParams(query);
  answered.set('answer', answer);
  return `<a href="${escapeHtml(`${path}?${answered}`)}">${answer === 'approve' ? 'Approve' : 'Deny'}</a>`;
}

function back(redirectUri: string, members: Readonly<Record<string, string>>): Answer {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries(members)) location.searchParams.set(name, value);
  return { type: 'redirect', location: location.href };
}
