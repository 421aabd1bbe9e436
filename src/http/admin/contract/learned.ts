/** What the service has shown about an account, as the admin API shows it. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';

const refusal = once(() =>
  z.object({
    id: z.string().describe('The wire profile.'),
    code: z.string().describe('As in docs/errors.md.'),
    message: z.string(),
    at: moment(),
  }),
);

export const learnedFacts = once(() =>
  z.object({
    wireProfile: z
      .object({
        id: z.string(),
        since: moment().nullable().describe('Null: learnt by an earlier version.'),
        until: moment().describe('Then the usual order of wire profiles is tried again.'),
        refused: z.array(refusal()).describe('Why: the wire profiles that were refused before.'),
      })
      .nullable()
      .describe('In use in place of the first for this kind of account; null: the first is in use.'),
    closingEvents: z.array(z.string()).describe('Wire profiles under which replies end with closing events.'),
    readings: z
      .array(
        z.object({
          wireProfile: z.string(),
          rule: z.string(),
          reading: z.string().describe('The variant of the rule that applies.'),
          at: moment(),
        }),
      )
      .describe('What probes have found about rules on which the sources contradict each other.'),
    profileArn: z.string().nullable().describe('Of an API key, as the service reports it.'),
  }),
);

export type LearnedView = z.output<ReturnType<typeof learnedFacts>>;

export const learnedAnswer = once(() => z.object({ id: z.string(), learned: learnedFacts() }));
