/** What `GET /v2/accounts?details=true` adds to the list, so that the console's page needs no other request. Never waits for the service. */
import type { Account } from '../../accounts/ports.ts';
import { isoTime } from '../../core/times.ts';
import { toListedAccount, toTrashedAccount } from './account-view.ts';
import type { AccountHour, AccountList } from './contract/account.ts';
import { toLearnedView } from './learned-view.ts';
import type { AdminParts } from './ports.ts';
import { toPlanUsage } from './usage-view.ts';

const HOUR_MS = 3_600_000;
const SHOWN_HOURS = 24;
/** A day of two thousand accounts. */
const MAX_BUCKETS = 50_000;

/** Starts reading plans whose last reading is old or missing; an `account` event follows. */
export async function listWithDetails(parts: AdminParts): Promise<AccountList> {
  const { accounts, clock } = parts;
  const [hours, trash] = await Promise.all([readHours(parts), accounts.trash.list()]);
  const nowMs = clock.now();
  const listed = accounts.list();
  for (const { id } of listed) accounts.planLimits.noteView(id);
  return {
    accounts: listed.map((account) => ({
      ...toListedAccount(account, parts),
      usage: usageOf(account, parts),
      hours: hours && (hours.get(account.id) ?? []),
      learned: toLearnedView(account.learned, nowMs),
    })),
    trash: trash.map(toTrashedAccount),
  };
}

export function usageOf(account: Account, { accounts }: Pick<AdminParts, 'accounts'>) {
  return toPlanUsage(account, accounts.planLimits.state(account.id));
}

/** Replies of the last day by account, the current hour included. Accounts are listed although the ledger cannot be read: null. */
async function readHours({ ledger, clock }: AdminParts): Promise<Map<string, AccountHour[]> | null> {
  const fromMs = Math.floor(clock.now() / HOUR_MS) * HOUR_MS - (SHOWN_HOURS - 1) * HOUR_MS;
  const read = ledger
    ?.opened()
    .then((store) =>
      store.history({ by: 'hour', dimensions: ['account'], kinds: ['reply'], fromMs, limit: MAX_BUCKETS }),
    );
  const buckets = await read?.catch(() => null);
  if (!buckets) return null;
  const hours = new Map<string, AccountHour[]>();
  for (const { startMs, values, requests, errors } of buckets) {
    const [id = null] = values;
    if (id === null) continue;
    const ofAccount = hours.get(id);
    const hour = { from: isoTime(startMs), requests, errors };
    if (ofAccount) ofAccount.push(hour);
    else hours.set(id, [hour]);
  }
  return hours;
}
