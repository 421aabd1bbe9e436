/** Signing in by URL: start, show the address and the code, ask how it stands, claim the account. */
import { z } from 'zod';
import { claimedAccount } from './account.ts';
import { moment } from './common.ts';

export const signInStart = z.strictObject({
  startUrl: z.string().optional().describe("An organisation's start URL; without it AWS Builder ID."),
  region: z.string().optional().describe('Of the sign-in.'),
  social: z.enum(['google', 'github']).optional().describe('At Kiro, instead of AWS.'),
  profileArn: z.string().optional().describe('If it is known already.'),
  label: z.string().optional().describe('How to call the account.'),
  enabled: z.boolean().optional().describe('`false`: the account is stored switched off. Default: `true`.'),
  proxy: z.string().optional().describe('For the sign-in and everything the account does afterwards.'),
  accountId: z.string().optional().describe('The account whose credential is to be replaced.'),
});

const signIn = z.object({
  authId: z.string(),
  status: z.enum(['pending', 'approved', 'expired', 'denied']),
  verificationUrl: z.string().describe('For the person to open, in whatever browser.'),
  verificationUriComplete: z.string().describe('The same address under its name in RFC 8628.'),
  verificationUri: z.string().describe('The address without the code.'),
  userCode: z.string().describe('To be compared with what the page shows.'),
  expiresAt: moment,
  expiresIn: z.int().describe('Seconds left until then, as in RFC 8628; 0 once the time is up.'),
  intervalMs: z.int().describe('Asking more often than this brings nothing new.'),
  interval: z.int().describe('The same in seconds, rounded up, as in RFC 8628.'),
  accountId: z.string().nullable().describe('Once the account has been claimed.'),
});

export const signInAnswer = signIn;

export const signInClaim = z.strictObject({
  profileArn: z.string().optional().describe('One of those which an earlier claim gave to choose from.'),
  waitMs: z
    .int()
    .min(0, 'must not be negative')
    .max(300_000, 'must be at most 300000')
    .optional()
    .describe('How long to wait for the person; default: until the time is up.'),
});

export const claimAnswer = z.discriminatedUnion('status', [
  claimedAccount.extend({ status: z.literal('approved') }),
  z.object({
    status: z.literal('choose-profile').describe('Claim again, with one of these.'),
    profiles: z.array(z.object({ arn: z.string(), name: z.string() })),
  }),
  signIn.extend({ status: z.literal('pending').describe('The person has not answered within `waitMs`.') }),
]);

export type SignInView = z.infer<typeof signIn>;
export type ClaimView = z.infer<typeof claimAnswer>;
