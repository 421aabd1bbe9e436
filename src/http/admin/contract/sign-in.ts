/** Signing in by URL: start, show the address and the code, poll the state, claim the account. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { claimedAccount } from './account.ts';
import { moment } from './common.ts';

export const signInStart = once(() =>
  z.strictObject({
    startUrl: z.string().optional().describe("An organization's start URL; without it, AWS Builder ID."),
    region: z.string().optional().describe('Of the sign-in.'),
    social: z.enum(['google', 'github']).optional().describe('Signs in at Kiro instead of AWS.'),
    profileArn: z.string().optional().describe('If already known.'),
    label: z.string().optional().describe('A name for the account.'),
    enabled: z.boolean().optional().describe('`false`: the account is stored disabled. Default: `true`.'),
    proxy: z.string().optional().describe('For the sign-in and all later requests of the account.'),
    accountId: z.string().optional().describe('The account whose credential the sign-in replaces.'),
  }),
);

const signIn = once(() =>
  z.object({
    authId: z.string(),
    status: z.enum(['pending', 'approved', 'expired', 'denied']),
    verificationUrl: z.string().describe('For the person to open, in any browser.'),
    verificationUriComplete: z.string().describe('The same address under its name in RFC 8628.'),
    verificationUri: z.string().describe('The address without the code.'),
    userCode: z.string().describe('The person compares it with the code on the page.'),
    expiresAt: moment(),
    expiresIn: z.int().describe('Seconds left until then, as in RFC 8628; 0 once the time is up.'),
    intervalMs: z.int().describe('Minimum time between polls.'),
    interval: z.int().describe('The same in seconds, rounded up, as in RFC 8628.'),
    accountId: z.string().nullable().describe('Set once the account has been claimed.'),
  }),
);

export const signInAnswer = signIn;

export const signInClaim = once(() =>
  z.strictObject({
    profileArn: z.string().optional().describe('One of the profiles that an earlier claim listed.'),
    waitMs: z
      .int()
      .min(0, 'must not be negative')
      .max(300_000, 'must be at most 300000')
      .optional()
      .describe('How long to wait for the person; default: until the sign-in expires.'),
  }),
);

export const claimAnswer = once(() =>
  z.discriminatedUnion('status', [
    claimedAccount().extend({ status: z.literal('approved') }),
    z.object({
      status: z.literal('choose-profile').describe('Claim again, with one of these.'),
      profiles: z.array(z.object({ arn: z.string(), name: z.string() })),
    }),
    signIn().extend({ status: z.literal('pending').describe('The person has not answered within `waitMs`.') }),
  ]),
);

export type SignInView = z.infer<ReturnType<typeof signIn>>;
export type ClaimView = z.infer<ReturnType<typeof claimAnswer>>;
