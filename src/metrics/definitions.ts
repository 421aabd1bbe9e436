/** The table of all metrics: `/metrics` is made from it; docs/telemetry.md, the dashboard and the alert rules are checked against it. */

import { DURATION_BUCKETS, FIRST_BYTE_BUCKETS } from './bucket-counts.ts';

interface Definition<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

export interface CounterDefinition<Label extends string = string> extends Definition<Label> {
  readonly type: 'counter';
}

export interface GaugeDefinition<Label extends string = string> extends Definition<Label> {
  readonly type: 'gauge';
}

export interface HistogramDefinition<Label extends string = string> extends Definition<Label> {
  readonly type: 'histogram';
  /** Upper bounds, in seconds. */
  readonly buckets: readonly number[];
}

export const METRICS = {
  info: gauge('dragoman_info', 'Always 1; the label says which version runs.', 'version'),
  requests: counter(
    'dragoman_requests_total',
    'Requests that have ended, and background responses.',
    'kind',
    'protocol',
    'model',
    'outcome',
  ),
  errors: counter('dragoman_request_errors_total', 'Requests that ended with an error.', 'protocol', 'code'),
  clientRequests: counter('dragoman_client_requests_total', 'Requests for a reply, by API key.', 'client', 'outcome'),
  duration: histogram(
    'dragoman_request_duration_seconds',
    'From receiving a request for a reply to the end of its answer.',
    DURATION_BUCKETS,
    'protocol',
    'outcome',
  ),
  firstByte: histogram(
    'dragoman_first_byte_seconds',
    'From receiving a request for a reply to the first byte of its answer; whole answers begin when they are complete.',
    FIRST_BYTE_BUCKETS,
    'model',
    'stream',
  ),
  attempts: counter(
    'dragoman_attempts_total',
    'Attempts to answer a request through an account. `result`: `ok`, or the code of the error.',
    'account',
    'result',
  ),
  firstAid: counter(
    'dragoman_first_aid_total',
    'Requests sent once more under the safest readings of the rules. `result`: `ok` if that helped, or the code of the error.',
    'result',
  ),
  attemptDuration: histogram(
    'dragoman_attempt_duration_seconds',
    'From leasing an account to the end of its reply.',
    DURATION_BUCKETS,
    'wire_profile',
  ),
  tokens: counter(
    'dragoman_tokens_total',
    'Tokens of replies. `input` includes the cached ones, `output` the reasoning.',
    'model',
    'type',
  ),
  clientTokens: counter('dragoman_client_tokens_total', 'The same by API key.', 'client', 'type'),
  credits: counter('dragoman_credits_total', 'What the service has charged, by account and model.', 'account', 'model'),
  clientCredits: counter('dragoman_client_credits_total', 'The same by API key.', 'client'),
  openRequests: gauge('dragoman_open_requests', 'Requests whose answer has not ended.'),
  openStreams: gauge('dragoman_open_streams', 'Those among them whose answer is being streamed.'),
  waiting: gauge('dragoman_waiting_requests', 'Requests that wait because every account is busy.'),
  accounts: gauge('dragoman_accounts', 'Accounts by state.', 'state'),
  accountState: gauge('dragoman_account_state', '1 for the state that the account is in.', 'account', 'state'),
  planUsed: gauge('dragoman_plan_credits_used', "Credits used of the account's plan, as last reported.", 'account'),
  planLimit: gauge('dragoman_plan_credits_limit', "Credits of the account's plan, as last reported.", 'account'),
  planReset: gauge('dragoman_plan_reset_timestamp_seconds', "When the account's plan resets.", 'account'),
  refreshes: counter(
    'dragoman_token_refreshes_total',
    'Refreshes of access tokens. `result`: `succeeded` or `failed`.',
    'result',
  ),
  ledgerWaiting: gauge('dragoman_ledger_waiting_rows', 'Rows of the ledger that have not been written yet.'),
  ledgerWritten: counter('dragoman_ledger_written_rows_total', 'Rows of the ledger that have been written.'),
  ledgerLost: counter(
    'dragoman_ledger_lost_rows_total',
    'Rows of the ledger that were lost: its queue was full, or an earlier process was killed.',
  ),
} as const;

/** Added to each if several processes serve together. */
export const WORKER_LABEL = 'worker';

function counter<Label extends string = never>(
  name: string,
  help: string,
  ...labels: readonly Label[]
): CounterDefinition<Label> {
  return { name, type: 'counter', help, labels };
}

function gauge<Label extends string = never>(
  name: string,
  help: string,
  ...labels: readonly Label[]
): GaugeDefinition<Label> {
  return { name, type: 'gauge', help, labels };
}

function histogram<Label extends string>(
  name: string,
  help: string,
  buckets: readonly number[],
  ...labels: readonly Label[]
): HistogramDefinition<Label> {
  return { name, type: 'histogram', help, labels, buckets };
}
