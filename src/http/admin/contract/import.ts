/** Sign-ins of other programs that were found on the gateway's machine. Secrets are masked. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { accountKind, claimedAccount } from './account.ts';
import { moment } from './common.ts';

const foundSignIn = once(() =>
  z.object({
    id: z.string().describe('Of the account that it becomes, or is already; name it to import it.'),
    origin: z.string().describe('The program that it belongs to: `kiro-ide`, `kiro-cli`, `amazon-q-cli`, …'),
    place: z.string().describe('The file, and the entry in it.'),
    label: z.string(),
    kind: accountKind().nullable(),
    region: z.string().nullable(),
    startUrl: z.string().nullable(),
    profileArn: z.string().nullable(),
    accessTokenExpiresAt: moment().nullable(),
    secret: z.string().nullable().describe('A few of its characters, to tell two apart.'),
    isLinked: z.boolean().describe('The account follows the file: both programs share the sign-in.'),
    isSure: z.boolean().describe('`false`: the file does not say which program it belongs to.'),
    enabled: z.boolean(),
    state: z
      .enum(['new', 'replaces', 'known', 'unusable'])
      .describe('`replaces`: a newer sign-in for an account that was imported earlier. `known`: stored already.'),
    problem: z.object({ code: z.string(), message: z.string() }).nullable().describe('Why it is unusable.'),
  }),
);

export const importList = once(() => z.object({ found: z.array(foundSignIn()) }));

export const importSelection = once(() =>
  z.strictObject({
    ids: z.array(z.string()).min(1, 'must name at least one').max(1_000).describe('Of sign-ins that GET lists.'),
  }),
);

export const importAnswer = once(() => z.object({ accounts: z.array(claimedAccount().shape.account) }));

export type FoundSignIn = z.infer<ReturnType<typeof foundSignIn>>;
