/** Signing in by URL: start, show the address and the code, ask how it stands, claim the account. */
import { z } from 'zod';
import { accountAnswer } from './account.ts';
import { moment } from './moment.ts';

export const signInStart = z.strictObject({
  startUrl: z.string().optional().describe("An organisation's start URL; without it AWS Builder ID."),
  region: z.string().optional().describe('Of the sign-in.'),
  social: z.enum(['google', 'github']).optional().describe('At Kiro, instead of AWS.'),
  profileArn: z.string().optional().describe('If it is known already.'),
  label: z.string().optional().describe('How to call the account.'),
  proxy: z.string().optional().describe('For the sign-in and everything the account does afterwards.'),
  accountId: z.string().optional().describe('The account whose credential is to be replaced.'),
});

const signIn = z.object({
  authId: z.string(),
  status: z.enum(['pending', 'approved', 'expired', 'denied']),
  verificationUrl: z.string().describe('For the person to open, in whatever browser.'),
  userCode: z.string().describe('To be compared with what the page shows.'),
  expiresAt: moment,
  intervalMs: z.int().describe('Asking more often than this brings nothing new.'),
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
  accountAnswer.extend({ status: z.literal('approved') }),
  z.object({
    status: z.literal('choose-profile').describe('Claim again, with one of these.'),
    profiles: z.array(z.object({ arn: z.string(), name: z.string() })),
  }),
  signIn.extend({ status: z.literal('pending').describe('The person has not answered within `waitMs`.') }),
]);

export type SignInView = z.infer<typeof signIn>;
export type ClaimView = z.infer<typeof claimAnswer>;
