/** An account as the admin API shows and accepts it. Secrets are write-only. */
import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { moment } from './common.ts';
import { learnedFacts } from './learned.ts';
import { planUsage } from './overview.ts';

export const accountKind = once(() => z.enum(['builder-id', 'idc', 'social', 'external-idp', 'api-key', 'iam']));

const state = once(() =>
  z.object({
    status: z
      .enum(['ready', 'cooling', 'exhausted', 'suspended', 'signed-out', 'disabled'])
      .describe(
        '`signed-out` and `disabled` need a person; `cooling` and `exhausted` end by themselves; `suspended` may end, and is checked every four hours.',
      ),
    until: moment().nullable().describe('When the cooldown ends.'),
    reason: z.string().nullable().describe('The error code that caused the cooldown.'),
    message: z.string().nullable().describe('Why no token or keys could be obtained last time; null after a success.'),
    by: z.enum(['operator', 'errors']).nullable().describe('Who disabled it.'),
  }),
);

export const shownAccount = once(() =>
  z.object({
    id: z.string(),
    label: z.string(),
    kind: accountKind(),
    source: z.object({
      type: z.string().describe('`sign-in`, `environment`, or the program whose file it is linked to.'),
      path: z.string().nullable().describe('The file, if it belongs to another program.'),
    }),
    enabled: z.boolean(),
    state: state(),
    successes: z.int(),
    failures: z.int(),
    consecutiveFailures: z.int().describe('Failures caused by the account since its last success.'),
    region: z.string().nullable(),
    startUrl: z.string().nullable(),
    profileArn: z.string().nullable(),
    tokenExpiresAt: moment()
      .nullable()
      .describe('Of the current access token; null if there is none yet, or none is needed.'),
    proxy: z.string().nullable().describe('User and password masked. `direct`: no proxy, whatever the settings say.'),
    priority: z.int(),
    weight: z.int(),
    groups: z.array(z.string()),
    maxConcurrency: z.int().nullable(),
    minIntervalMs: z.int(),
    createdAt: moment(),
    updatedAt: moment(),
  }),
);

/** The same under the names that the account bridge q2api uses. */
const bridgeNames = once(() =>
  z.object({
    success_count: z.int().describe('`successes`.'),
    error_count: z.int().describe('`consecutiveFailures`.'),
    last_refresh_status: z.enum(['never', 'success', 'failed']).describe('Of the last attempt to get an access token.'),
    last_refresh_time: moment().nullable().describe('When that was; null: never.'),
    created_at: moment().describe('`createdAt`.'),
    updated_at: moment().describe('`updatedAt`.'),
  }),
);

/** Why requests get the account, or do not. */
const routing = once(() =>
  z.object({
    wireProfile: z
      .object({
        id: z.string(),
        reason: z
          .enum(['default', 'setting', 'learned'])
          .describe(
            '`default`: the first for this kind of account; `setting`: DRAGOMAN_WIRE_PROFILE; `learned`: it worked after the service had refused others.',
          ),
        until: moment().nullable().describe('`learned`: when the first profile is tried again.'),
      })
      .describe('The host and the form of the requests to the service: docs/wire-profiles.md.'),
    lastSkip: z
      .object({
        reason: z.enum([
          'tried',
          'cooling',
          'exhausted',
          'suspended',
          'signed-out',
          'disabled',
          'busy',
          'paced',
          'model',
          'group',
          'priority',
        ]),
        at: moment(),
        until: moment().nullable().describe('When the reason no longer applies, if that is known.'),
      })
      .nullable()
      .describe('Why the last request that went to another account did. Of this process; null: none has.'),
  }),
);

const listedAccount = once(() => shownAccount().extend(bridgeNames().shape).extend(routing().shape));

/** The account twice: as `account`, and its fields beside it as q2api has them. */
export const accountAnswer = once(() => listedAccount().extend({ account: shownAccount() }));
export const claimedAccount = once(() => z.object({ account: shownAccount() }));
export const removedAnswer = once(() => z.object({ removed: z.string().describe('The id of what was removed.') }));
export const removedAccount = once(() =>
  removedAnswer().extend({
    deleted: z.string().describe('The same under the name that q2api uses.'),
  }),
);

export const accountRemoval = once(() =>
  z.strictObject({
    forget: z
      .enum(['true', 'false'])
      .optional()
      .describe('`true`: deletes the account and its credential at once, also from the trash.'),
  }),
);

const trashedAccount = once(() =>
  z.object({
    id: z.string(),
    label: z.string(),
    kind: accountKind(),
    removedAt: moment(),
    deletedAt: moment().describe('When its credential will be deleted.'),
  }),
);

const trash = once(() => z.array(trashedAccount()).describe('Newest first.'));

export const accountTrash = once(() => z.object({ accounts: trash() }));

export type TrashedAccount = z.output<ReturnType<typeof trashedAccount>>;

export const accountListQuery = once(() =>
  z.strictObject({
    details: z
      .enum(['true', 'false'])
      .optional()
      .describe('`true`: also the fields that are optional here. Never waits for the service.'),
  }),
);

const accountHour = once(() =>
  z.object({
    from: moment().describe('The beginning of the hour.'),
    requests: z.int(),
    errors: z.int().describe('Refused, failed and timed out; abandoned requests are not errors.'),
  }),
);

/** Optional: only with `details=true`. */
const detailedAccount = once(() =>
  listedAccount().extend({
    usage: planUsage()
      .nullable()
      .optional()
      .describe(
        'As last reported by the service. What is missing, or older than five minutes, is read in the background, and an `account` event follows. null: not read yet.',
      ),
    hours: z
      .array(accountHour())
      .nullable()
      .optional()
      .describe(
        'Replies of the last 24 hours, oldest first; hours without replies are left out. null: the ledger is off or cannot be read.',
      ),
    learned: learnedFacts().optional(),
  }),
);

export const accountList = once(() =>
  z.object({
    accounts: z.array(detailedAccount()),
    trash: trash().optional().describe('Removed accounts that can be restored, newest first.'),
  }),
);

export type AccountHour = z.infer<ReturnType<typeof accountHour>>;
export type AccountList = z.infer<ReturnType<typeof accountList>>;
export type DetailedAccount = z.infer<ReturnType<typeof detailedAccount>>;

export const proxyTest = once(() =>
  z.strictObject({
    proxy: z
      .string()
      .nullable()
      .optional()
      .describe("An address, `direct` for no proxy, null for the one in the settings. Default: the account's own."),
  }),
);

export const testedProxy = once(() =>
  z.object({
    ok: z.boolean().describe('The service answered.'),
    origin: z.string().describe('The address of the service.'),
    proxy: z.string().nullable().describe('User and password masked; null: as in the settings.'),
    durationMs: z.number(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
);

const label = once(() =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'must be at most 100 characters')
    .regex(/^\P{Cc}*$/u, 'must be one line'),
);

const changes = once(() => ({
  label: label().optional(),
  enabled: z.boolean().optional().describe('`true` also ends states that need a person.'),
  priority: z.int().optional().describe('Accounts with a higher priority are chosen first.'),
  weight: z.int().optional().describe('Share of requests among accounts of the same priority.'),
  groups: z.array(z.string()).optional().describe('Requests choose a group with `x-dragoman-group`.'),
  maxConcurrency: z.int().nullable().optional().describe('Concurrent requests; null: no limit.'),
  minIntervalMs: z.int().optional().describe('Minimum time between the starts of two requests.'),
  proxy: z
    .string()
    .nullable()
    .optional()
    .describe('An address, `direct` for no proxy, null for the one in the settings.'),
  profileArn: z.string().nullable().optional().describe('The profile of an organization; null: none.'),
}));

/** Fields that are left out stay as they are. Unknown fields are ignored, and the answer names them. */
export const accountPatch = once(() =>
  z.looseObject({
    ...changes(),
    refreshToken: z
      .string()
      .optional()
      .describe('Replaces the credential, together with `clientId` and `clientSecret` for kinds that have them.'),
    clientId: z.string().optional().describe('Of the client registration that the refresh token belongs to.'),
    clientSecret: z.string().optional(),
  }),
);

export const patchedAccount = once(() =>
  accountAnswer().extend({
    adjustments: z
      .array(z.object({ rule: z.literal('field-ignored'), path: z.string() }))
      .describe('Fields of the request that an account does not have; they had no effect.'),
  }),
);

/** The kind determines which fields are needed; without a kind, it is inferred from the fields. */
export const newAccount = once(() =>
  z.strictObject({
    ...changes(),
    kind: accountKind().optional(),
    refreshToken: z.string().optional(),
    clientId: z.string().optional().describe('Of the client registration that the refresh token belongs to.'),
    clientSecret: z.string().optional(),
    accessToken: z.string().optional().describe('Used until it expires, if `expiresAt` is given too.'),
    expiresAt: z.string().optional(),
    region: z.string().optional().describe('Of the sign-in; without a profile, also of the API.'),
    startUrl: z.string().optional(),
    tokenEndpoint: z.string().optional().describe('Of an external identity provider.'),
    scopes: z.array(z.string()).optional(),
    apiKey: z.string().optional().describe('A Kiro API key.'),
    awsProfile: z
      .string()
      .optional()
      .describe('IAM: a profile in `~/.aws/config` on the machine that runs the gateway.'),
  }),
);

export const addedAccount = once(() =>
  accountAnswer().extend({
    profiles: z
      .array(z.object({ arn: z.string(), name: z.string() }))
      .describe('Of its organization. If there is more than one, choose by PATCH of `profileArn`.'),
  }),
);

export type NewAccountBody = z.infer<ReturnType<typeof newAccount>>;
export type AccountView = z.infer<ReturnType<typeof shownAccount>>;
export type ListedAccount = z.infer<ReturnType<typeof listedAccount>>;
export type TestedProxy = z.infer<ReturnType<typeof testedProxy>>;
export type AccountAnswer = z.infer<ReturnType<typeof accountAnswer>>;
