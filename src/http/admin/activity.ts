/** `/v2/activity`: what the overview of the console shows, in one answer. Never waits for the service. */
import { isoTime } from '../../core/times.ts';
import {
  type ActivityBucket,
  bucketsOfRows,
  percentile,
  type RankedGroup,
  ranked,
  toActivity,
  totalOf,
} from '../../gateway/ledger/activity.ts';
import { creditRates, forecast, RATE_MS } from '../../gateway/ledger/forecast.ts';
import { MAX_GROUPS } from '../../gateway/ledger/group-names.ts';
import type { LedgerDimension, LedgerFilter, LedgerStore } from '../../gateway/ledger/ledger-store.ts';
import { toAccountView } from './account-view.ts';
import { readBudgets } from './budgets.ts';
import { type ActivityQuery, type ActivityView, activityAnswer, activityQuery } from './contract/activity.ts';
import { toMs } from './ledger-filter.ts';
import type { AdminParts } from './ports.ts';
import { type Names, toRequestView } from './request-view.ts';
import { namesOf } from './requests.ts';
import type { AdminApp } from './route.ts';
import { toUsage } from './usage-view.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The ledger's sums are those of hours and days: shorter times are added up from the rows. */
const BY_MINUTES_MS = 2 * HOUR_MS;
const BY_HOURS_MS = 4 * DAY_MS;
const MAX_ROWS = 3_000;
/** For percentiles. */
const MAX_REPLIES = 500;
const MAX_BUCKETS = 10_000;
const MAX_RANKED = 6;
const MAX_SLOWEST = 5;
const BUDGET_WARNING = 0.8;

export function registerActivity(app: AdminApp, parts: AdminParts): void {
  app.get(
    '/v2/activity',
    {
      schema: {
        summary: 'Get what the gateway has done, and what needs attention',
        description: 'Everything that the overview of the console shows. Times of at most two hours are by the minute.',
        querystring: activityQuery,
        response: { 200: activityAnswer },
      },
    },
    async ({ query }) => {
      const store = await parts.ledger?.opened();
      const nowMs = parts.clock.now();
      const recorded = store ? await readActivity(store, parts, query, nowMs) : NOT_RECORDED;
      const plans = await readPlans(store, parts, nowMs);
      const budgets = store ? await readBudgets(store, parts.keys, nowMs) : [];
      const accounts = parts.accounts.list().map((account) => {
        const { id, label, state } = toAccountView(account, nowMs);
        return { id, label, status: state.status, until: state.until };
      });
      return {
        ...recorded,
        accounts,
        plans,
        budgets: budgets.filter(({ used, limit }) => used >= limit * BUDGET_WARNING),
      };
    },
  );
}

type Recorded = Omit<ActivityView, 'accounts' | 'plans' | 'budgets'>;

const NOT_RECORDED: Recorded = {
  isRecorded: false,
  lost: 0,
  span: 'hour',
  isCut: false,
  totals: totalOf([]),
  ...{ buckets: [], keys: [], models: [], clients: [], failing: [], slowest: [] },
  firstByte: null,
};

async function readActivity(
  store: LedgerStore,
  parts: AdminParts,
  query: ActivityQuery,
  nowMs: number,
): Promise<Recorded> {
  const to = toMs(query.to) ?? nowMs;
  const from = toMs(query.from) ?? Math.max(0, to - DAY_MS);
  const filter = { fromMs: from, toMs: to + 1, kinds: ['reply'] };
  const names = namesOf(parts);
  const { group = 'model' } = query;
  const sums = to - from <= BY_MINUTES_MS ? await sumsOfRows(store, filter) : sumsOfHistory(store, filter);
  const buckets = await sums.buckets(group);
  const of = (dimension: LedgerDimension) => sums.groups(dimension);
  const [keys, models, clients, codes] = [await of('key'), await of('model'), await of('client'), await of('code')];
  const replies = await store.list({ ...filter, outcomes: ['ok'], limit: MAX_REPLIES });
  const firstBytes = replies.flatMap(({ details: { firstByteMs } }) => firstByteMs ?? []);
  const [p50Ms, p95Ms] = [percentile(firstBytes, 0.5), percentile(firstBytes, 0.95)];
  const slowest = replies.toSorted((a, b) => b.details.durationMs - a.details.durationMs).slice(0, MAX_SLOWEST);
  return {
    isRecorded: true,
    lost: await store.rowsLost(filter.fromMs, filter.toMs),
    span: sums.span,
    isCut: sums.isCut || buckets.length > MAX_BUCKETS,
    totals: totalOf(codes),
    buckets: buckets
      .slice(0, MAX_BUCKETS)
      .map(({ startMs, ...bucket }) => ({ from: isoTime(startMs), ...labelled(bucket, group, names) })),
    keys: ranked(keys, MAX_RANKED).map((each) => labelled(each, 'key', names)),
    models: ranked(models, MAX_RANKED).map((each) => labelled(each, 'model', names)),
    clients: ranked(clients, MAX_RANKED).map((each) => labelled(each, 'client', names)),
    failing: ranked(
      codes.filter(({ errors }) => errors > 0),
      MAX_RANKED,
    ).map(({ group: code, errors }) => ({ code: code ?? 'internal', requests: errors })),
    firstByte: p50Ms === undefined || p95Ms === undefined ? null : { p50Ms, p95Ms, replies: firstBytes.length },
    slowest: slowest.map((row) => toRequestView(row, names)),
  };
}

interface Sums {
  readonly span: ActivityView['span'];
  readonly isCut: boolean;
  /** Oldest first; one more than MAX_BUCKETS if there are too many. */
  buckets(dimension: LedgerDimension): Promise<readonly ActivityBucket[]>;
  /** Over the whole time. */
  groups(dimension: LedgerDimension): Promise<readonly RankedGroup[]>;
}

type Filter = LedgerFilter & { readonly fromMs: number; readonly toMs: number };

async function sumsOfRows(store: LedgerStore, filter: Filter): Promise<Sums> {
  const rows = await store.list({ ...filter, limit: MAX_ROWS + 1 });
  const shown = rows.slice(0, MAX_ROWS);
  return {
    span: 'minute',
    isCut: rows.length > MAX_ROWS,
    buckets: async (dimension) => bucketsOfRows(shown, dimension, MINUTE_MS),
    groups: async (dimension) => bucketsOfRows(shown, dimension, MINUTE_MS),
  };
}

/** Exported for its test. */
export function sumsOfHistory(store: LedgerStore, filter: Filter): Sums {
  const span = filter.toMs - filter.fromMs <= BY_HOURS_MS ? 'hour' : 'day';
  const read = async (dimension: LedgerDimension, limit: number, isWhole = false) =>
    (await store.history({ ...filter, by: span, dimensions: [dimension], isWhole, limit })).map(toActivity);
  return {
    span,
    isCut: false,
    buckets: (dimension) => read(dimension, MAX_BUCKETS + 1),
    groups: (dimension) => read(dimension, MAX_GROUPS, true),
  };
}

function labelled<Group extends RankedGroup>({ group, ...sums }: Group, dimension: LedgerDimension, names: Names) {
  const known = dimension === 'key' ? names.keys : dimension === 'account' ? names.accounts : undefined;
  const { requests, errors, abandoned, inputTokens, outputTokens, credits, estimatedCredits } = sums;
  return {
    ...{ group, label: (group !== null && known?.get(group)) || null },
    ...{ requests, errors, abandoned, inputTokens, outputTokens, credits, estimatedCredits },
  };
}

async function readPlans(store: LedgerStore | undefined, { accounts }: AdminParts, nowMs: number) {
  const sums = await store?.history({
    by: 'day',
    dimensions: ['account'],
    fromMs: nowMs - RATE_MS,
    isWhole: true,
    limit: MAX_GROUPS,
  });
  const created = new Map(accounts.list().map(({ id, createdAtMs }) => [id, createdAtMs]));
  const rates = creditRates((sums ?? []).map(toActivity), nowMs, (id) => created.get(id));
  return accounts.list().flatMap((account) => {
    const reading = accounts.limits(account.id);
    if (!reading) return [];
    const usage = toUsage(account, reading);
    const creditsPerDay = rates.get(account.id) ?? 0;
    const allowance = {
      used: usage.used ?? undefined,
      left: usage.left ?? undefined,
      resetAtMs: reading.limits.resetAtMs,
    };
    const { usedAtReset, usedUpAtMs } = forecast(allowance, creditsPerDay, nowMs);
    const usedUpAt = usedUpAtMs === undefined ? null : isoTime(usedUpAtMs);
    return [{ ...usage, creditsPerDay, usedAtReset: usedAtReset ?? null, usedUpAt }];
  });
}
