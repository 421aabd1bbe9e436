/** The ledger's tables as its newest migration leaves them. */

/** A type alias: Kysely's `withTables` takes no interface. */
export type LedgerTables = {
  /** What requests are filtered and summed by. A few hundred rows, which outlive the requests. */
  ledger_groups: {
    /** 52 bits of a hash of the other columns. */
    id: number;
    key: string | null;
    account: string | null;
    model: string | null;
    answered_model: string | null;
    protocol: string | null;
    client: string;
    route: string;
    kind: string;
    outcome: string;
    code: string | null;
  };
  /** Error texts, each once, so that a search reads few rows. */
  ledger_errors: {
    /** 52 bits of a hash of the text. */
    id: number;
    text: string;
    seen_at_ms: number;
  };
  /** One row for each request. */
  ledger_requests: {
    id: number;
    received_at_ms: number;
    group_id: number;
    error_id: number | null;
    request_id: string;
    /** JSON: gateway/ledger/details.ts. */
    details: string;
    /** JSON of RequestText, encrypted. */
    sealed: Uint8Array | null;
    /** The length of `sealed`; null without it. */
    text_bytes: number | null;
    /** The process that wrote the row; null in rows of older versions. */
    writer: number | null;
  };
  /** Every id that finds a request: its own, and those of the service. */
  ledger_ids: {
    /** `blockOf` the request's number. */
    block: number;
    value: string;
    request: number;
  };
  /** Processes that write, or were killed, and how many rows of each are stored. */
  ledger_writers: {
    id: number;
    rows: number;
    seen_at_ms: number;
  };
  /** Rows that could not be recorded. */
  ledger_losses: {
    at_ms: number;
    rows: number;
    /** LossReason. */
    reason: string;
  };
  ledger_hours: SumsTable;
  ledger_days: SumsTable;
};

/**
 * Ids are random. Within blocks of rows they are inserted into a few pages of the index instead of any of them, which makes
 * writing several times cheaper; a look-up tries each block. Smaller blocks make writing cheaper still and looking up dearer.
 * Another size needs a migration.
 */
const BLOCK_ROWS = 512;

export function blockOf(request: number): number {
  return Math.floor(request / BLOCK_ROWS);
}

/** The sums of a group in one hour or day. */
type SumsTable = {
  start_ms: number;
  group_id: number;
  requests: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  credits: number;
  estimated_credits: number;
  list_price_usd: number;
  duration_ms: number;
  first_byte_ms: number;
  first_byte_count: number;
};

/** In this order in every statement. */
export const SUM_COLUMNS = [
  'requests',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'credits',
  'estimated_credits',
  'list_price_usd',
  'duration_ms',
  'first_byte_ms',
  'first_byte_count',
] as const satisfies readonly (keyof SumsTable)[];
