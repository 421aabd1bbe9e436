/** The filters and cursors of the ledger's routes, from their queries. */
import { GatewayError } from '../../core/errors.ts';
import type { LedgerFilter, LedgerPosition, LedgerSearch } from '../../gateway/ledger/ledger-store.ts';
import type { RequestQuery } from './contract/request.ts';
import type { ExportQuery, HistoryQuery } from './contract/usage-history.ts';

const DEFAULT_LIMIT = 50;
const MAX_VALUES = 50;
const FAILURES = ['refused', 'abandoned', 'timeout', 'failed'];

/** One more row than asked for tells whether there is another page. */
export function toSearch(query: RequestQuery): LedgerSearch {
  const { limit, cursor } = query;
  return {
    ...toExportFilter(query),
    fromMs: toMs(query.from),
    toMs: toMs(query.to),
    limit: (limit === undefined ? DEFAULT_LIMIT : Number(limit)) + 1,
    after: cursor === undefined ? undefined : positionOf(cursor),
  };
}

/** Without its time. */
export function toExportFilter(query: RequestQuery | ExportQuery): Omit<LedgerSearch, 'limit'> {
  const { outcome, code, q } = query;
  const text = q?.trim();
  return {
    ...toFilter(query),
    outcomes: valuesOf(outcome)?.flatMap((value) => (value === 'error' ? FAILURES : [value])),
    codes: valuesOf(code),
    text: text === '' ? undefined : text,
  };
}

/** Without its time. */
export function toFilter(query: RequestQuery | HistoryQuery | ExportQuery): LedgerFilter {
  const { key, account, model, protocol, client, kind } = query;
  return {
    keys: valuesOf(key),
    accounts: valuesOf(account),
    models: valuesOf(model),
    protocols: valuesOf(protocol),
    clients: valuesOf(client),
    kinds: valuesOf(kind),
  };
}

export function toMs(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time);
}

export function cursorOf({ receivedMs, number }: LedgerPosition): string {
  return Buffer.from(`${receivedMs}.${number}`).toString('base64url');
}

function positionOf(cursor: string): LedgerPosition {
  const [, receivedMs, number] = /^(\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (receivedMs === undefined || number === undefined)
    throw new GatewayError(
      'invalid_request',
      'cursor is not one that this gateway returned. Leave it out to start over.',
      {
        param: 'cursor',
      },
    );
  return { receivedMs: Number(receivedMs), number: Number(number) };
}

/** `none` is the lack of a value. */
function valuesOf(list: string | undefined): (string | null)[] | undefined {
  const values = list?.split(',').map((value) => value.trim());
  const given = values?.filter((value) => value !== '').slice(0, MAX_VALUES);
  return given?.length ? given.map((value) => (value === 'none' ? null : value)) : undefined;
}
