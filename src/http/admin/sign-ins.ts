/** `/v2/auth`: signing in by URL. */
import { z } from 'zod';
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
import type { AdminParts } from './ports.ts';
import type { AdminApp } from './route.ts';

const byAuthId = z.object({ authId: z.string() });

export function registerSignIns(app: AdminApp, { signIns, clock }: AdminParts): void {
  app.post(
    '/v2/auth/start',
    {
      config: { bodyIsOptional: true },
      schema: {
        summary: 'Start a sign-in',
        description: 'The person has five minutes to open the address and confirm the code. It survives a restart.',
        body: signInStart,
        response: { 200: signInAnswer },
      },
    },
    async ({ body, exchange }) => toView(await signIns.start(body, exchange.gone.signal), clock.now()),
  );
  app.get(
    '/v2/auth/status/:authId',
    { schema: { summary: 'Get the state of a sign-in', params: byAuthId, response: { 200: signInAnswer } } },
    async ({ params, exchange }) => toView(await signIns.status(params.authId, exchange.gone.signal), clock.now()),
  );
  app.post(
    '/v2/auth/claim/:authId',
    {
      config: { bodyIsOptional: true },
      schema: {
        summary: 'Get the account of a sign-in',
        description: 'Waits for the person. The first claim stores the account; later ones return it again.',
        params: byAuthId,
        body: signInClaim,
        response: { 200: claimAnswer },
      },
    },
    async ({ params, body, exchange }): Promise<ClaimView> => {
      const claimed = await signIns.claim(params.authId, body, exchange.gone.signal);
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
  );
}

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
