/** `/v2/auth`: signing in by URL. */
import type { SignInStatus } from '../../accounts/sign-in/pending.ts';
import { isoTime } from '../../core/times.ts';
import { unreachable } from '../../core/unreachable.ts';
import { toAccountView } from './account-view.ts';
import {
  type ClaimView,
  claimAnswer,
  type SignInView,
  signInAnswer,
  signInClaim,
  signInStart,
} from './contract/sign-in.ts';
import { defineRoute } from './route.ts';

export const signInRoutes = [
  defineRoute({
    method: 'POST',
    path: '/v2/auth/start',
    summary: 'Begin to sign in',
    description: 'The person has five minutes to open the address and confirm the code. It survives a restart.',
    body: signInStart,
    bodyIsOptional: true,
    answer: signInAnswer,
    run: async ({ signIns, clock }, { body, signal }) => toView(await signIns.start(body, signal), clock.now()),
  }),
  defineRoute({
    method: 'GET',
    path: '/v2/auth/status/:authId',
    summary: 'How a sign-in stands',
    answer: signInAnswer,
    run: async ({ signIns, clock }, { id, signal }) => toView(await signIns.status(id, signal), clock.now()),
  }),
  defineRoute({
    method: 'POST',
    path: '/v2/auth/claim/:authId',
    summary: 'Have the account of a sign-in',
    description: 'Waits for the person. The first claim stores the account; later ones give it again.',
    body: signInClaim,
    bodyIsOptional: true,
    answer: claimAnswer,
    async run({ signIns, clock }, { id, body, signal }): Promise<ClaimView> {
      const claimed = await signIns.claim(id, body, signal);
      switch (claimed.type) {
        case 'account':
          return { status: 'approved', account: toAccountView(claimed.account, clock.now()) };
        case 'choose-profile':
          return { status: 'choose-profile', profiles: claimed.profiles.map(({ arn, name }) => ({ arn, name })) };
        case 'pending':
          return { ...toView(claimed.status, clock.now()), status: 'pending' };
        default:
          return unreachable(claimed);
      }
    },
  }),
];

function toView({ id, state, expiresAtMs, accountId, ...shown }: SignInStatus, nowMs: number): SignInView {
  const { verificationUrl, verificationUri, userCode, intervalMs } = shown;
  return {
    authId: id,
    status: state,
    verificationUrl,
    verificationUriComplete: verificationUrl,
    verificationUri,
    userCode,
    expiresAt: isoTime(expiresAtMs),
    expiresIn: Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000)),
    intervalMs,
    interval: Math.ceil(intervalMs / 1000),
    accountId: accountId ?? null,
  };
}
