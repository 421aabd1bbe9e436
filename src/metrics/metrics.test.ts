import { describe, expect, it } from 'vitest';
import { NEW_ACCOUNT } from '../accounts/health.ts';
import { GatewayError } from '../core/errors.ts';
import { measured } from '../core/usage.ts';
import { RequestRecord } from '../gateway/request-record.ts';
import { METRICS } from './definitions.ts';
import { Metrics } from './metrics.ts';
import type { MetricPeers, MetricSources } from './ports.ts';

const NOW_MS = 1_000_000;

const SOURCES: MetricSources = {
  version: '1.2.3',
  nowMs: () => NOW_MS,
  accounts: () => [
    { id: 'a', health: NEW_ACCOUNT },
    { id: 'b', health: { ...NEW_ACCOUNT, state: { status: 'signed-out' } } },
    {
      id: 'c',
      health: { ...NEW_ACCOUNT, state: { status: 'cooling', untilMs: NOW_MS - 1, reason: 'quota_exhausted' } },
    },
  ],
  limits: (id) =>
    id === 'a'
      ? {
          readAtMs: NOW_MS,
          limits: {
            plan: 'KIRO PRO',
            resetAtMs: 5_000_000,
            allowances: [{ kind: 'plan', name: 'Credits', used: 12.5, limit: 1_000, expiresAtMs: undefined }],
            overage: undefined,
          },
        }
      : undefined,
  refreshes: () => ({ succeeded: 3, failed: 1 }),
  waiting: async () => 4,
  open: () => ({ requests: 7, streams: 5 }),
  ledger: () => ({ waiting: 6, written: 90, lost: 2 }),
};

function createMetrics(peers?: MetricPeers) {
  const metrics = new Metrics(SOURCES, peers);
  const lines = async () => (await metrics.page()).text.split('\n');
  return { metrics, lines };
}

function replyRecord(more: Partial<RequestRecord> = {}): RequestRecord {
  const record = new RequestRecord('req_1', NOW_MS);
  const attempt = {
    ...{ accountId: 'a', accountLabel: 'one', wireProfile: 'q-rest', choice: undefined, error: undefined },
    ...{ startedMs: NOW_MS, endedMs: NOW_MS + 1_500, modelId: 'claude-sonnet-4.5', upstreamRequestId: 'up-1' },
  };
  const route = {
    ...{ accountId: 'a', modelId: 'claude-sonnet-4.5', conversationId: 'c', wireProfile: 'q-rest' },
    ...{ attempt: 1, upstreamRequestId: 'up-1' },
  };
  const usage = { inputTokens: measured(100), outputTokens: measured(20), credits: measured(0.25) };
  return Object.assign(record, {
    ...{ kind: 'reply', protocol: 'openai-chat', client: 'key-1', model: 'sonnet', stream: true, status: 200 },
    ...{ firstByteMs: 900, durationMs: 1_600, usage, route },
    attempts: [attempt],
    ...more,
  });
}

describe('the page of metrics', () => {
  it('counts a reply with its attempts, times, tokens and credits', async () => {
    const { metrics, lines } = createMetrics();
    metrics.observe(replyRecord());
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'dragoman_requests_total{kind="reply",protocol="openai-chat",model="claude-sonnet-4.5",outcome="ok"} 1',
        'dragoman_client_requests_total{client="key-1",outcome="ok"} 1',
        'dragoman_first_byte_seconds_bucket{le="0.5",model="claude-sonnet-4.5",stream="yes"} 0',
        'dragoman_first_byte_seconds_bucket{le="1",model="claude-sonnet-4.5",stream="yes"} 1',
        'dragoman_request_duration_seconds_sum{protocol="openai-chat",outcome="ok"} 1.6',
        'dragoman_attempts_total{account="a",result="ok"} 1',
        'dragoman_attempt_duration_seconds_sum{wire_profile="q-rest"} 1.5',
        'dragoman_tokens_total{model="claude-sonnet-4.5",type="input"} 100',
        'dragoman_client_tokens_total{client="key-1",type="output"} 20',
        'dragoman_credits_total{account="a",model="claude-sonnet-4.5"} 0.25',
        'dragoman_client_credits_total{client="key-1"} 0.25',
      ]),
    );
  });

  it('counts a failure by its code, for the request and for the attempt', async () => {
    const { metrics, lines } = createMetrics();
    const error = new GatewayError('account_throttled', 'Too many requests.');
    const [attempt] = replyRecord().attempts;
    if (!attempt) throw new Error('The record has no attempt.');
    const failed = { route: undefined, usage: undefined, code: error.code, error, status: 429 };
    metrics.observe(replyRecord({ ...failed, attempts: [{ ...attempt, error }] }));
    const text = await lines();
    expect(text).toContain('dragoman_request_errors_total{protocol="openai-chat",code="account_throttled"} 1');
    expect(text).toContain('dragoman_attempts_total{account="a",result="account_throttled"} 1');
    expect(text.filter((line) => line.startsWith('dragoman_first_byte_seconds_count'))).toEqual([]);
  });

  it('reads the state of accounts, plans, refreshes and open requests when it is read', async () => {
    const { lines } = createMetrics();
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'dragoman_info{version="1.2.3"} 1',
        'dragoman_accounts{state="ready"} 2',
        'dragoman_accounts{state="signed-out"} 1',
        'dragoman_accounts{state="exhausted"} 0',
        'dragoman_account_state{account="b",state="signed-out"} 1',
        'dragoman_plan_credits_used{account="a"} 12.5',
        'dragoman_plan_credits_limit{account="a"} 1000',
        'dragoman_plan_reset_timestamp_seconds{account="a"} 5000',
        'dragoman_token_refreshes_total{result="succeeded"} 3',
        'dragoman_open_requests 7',
        'dragoman_open_streams 5',
        'dragoman_waiting_requests 4',
        'dragoman_ledger_waiting_rows 6',
        'dragoman_ledger_written_rows_total 90',
        'dragoman_ledger_lost_rows_total 2',
      ]),
    );
    // Counters that are read twice do not grow.
    expect(await lines()).toContain('dragoman_token_refreshes_total{result="failed"} 1');
  });

  it('has the figures of the process, event-loop lag included', async () => {
    const { metrics, lines } = createMetrics();
    await metrics.page();
    const names = (await lines()).map((line) => /^[a-z_0-9]+/.exec(line)?.[0]);
    expect(names).toEqual(
      expect.arrayContaining(['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes']),
    );
  });

  it('has every metric of the table with its type and help, and no other of dragoman', async () => {
    const { metrics, lines } = createMetrics();
    const error = new GatewayError('upstream_broken', 'Broken.');
    metrics.observe(replyRecord());
    metrics.observe(replyRecord({ attempts: replyRecord().attempts.map((one) => ({ ...one, firstAid: true })) }));
    metrics.observe(replyRecord({ code: error.code, error }));
    const text = await lines();
    const types = text.filter((line) => line.startsWith('# TYPE dragoman_'));
    const inTable = Object.values(METRICS).map(({ name, type }) => `# TYPE ${name} ${type}`);
    expect(types.toSorted()).toEqual(inTable.toSorted());
    for (const { name, help, labels } of Object.values(METRICS)) {
      expect(text).toContain(`# HELP ${name} ${help}`);
      const values = text.filter((line) => new RegExp(`^${name}(?:_sum)?(?:\\{|\\s)`).test(line));
      expect([name, values.length > 0]).toEqual([name, true]);
      for (const label of labels) expect(values[0]).toContain(`${label}="`);
    }
  });

  it('combines models and clients beyond a limit, and never shows what a client called the model', async () => {
    const { metrics, lines } = createMetrics();
    for (let index = 0; index < 300; index++) {
      const route = { ...replyRecord().route, modelId: `model-${index}` } as NonNullable<RequestRecord['route']>;
      metrics.observe(replyRecord({ route, client: `key-${index}`, model: `sk-secret-${index}` }));
    }
    const text = await lines();
    const values = (name: string, label: string) =>
      new Set(
        text.filter((line) => line.startsWith(name)).map((line) => new RegExp(`${label}="([^"]*)"`).exec(line)?.[1]),
      );
    expect(values('dragoman_requests_total', 'model').size).toBe(51);
    expect(values('dragoman_client_requests_total', 'client').size).toBe(201);
    expect(text).toContain('dragoman_client_requests_total{client="other",outcome="ok"} 100');
    expect(text.join('\n')).not.toContain('sk-secret');
  });

  it('counts each request once, however many different labels they have', async () => {
    const { metrics, lines } = createMetrics();
    for (let index = 0; index < 1_300; index++) metrics.observe(replyRecord({ client: `key-${index % 700}` }));
    const text = await lines();
    expect(text).toContain('dragoman_request_duration_seconds_count{protocol="openai-chat",outcome="ok"} 1300');
    const clients = text.filter((line) => line.startsWith('dragoman_client_requests_total{'));
    expect(clients.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(1_300);
  });

  it('counts each request once, however many end before the page is read', async () => {
    const { metrics, lines } = createMetrics();
    for (let index = 0; index < 1_300; index++) metrics.observe(replyRecord({ stream: index % 2 === 0 }));
    expect(await lines()).toContain('dragoman_client_requests_total{client="key-1",outcome="ok"} 1300');
    metrics.observe(replyRecord());
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'dragoman_client_requests_total{client="key-1",outcome="ok"} 1301',
        'dragoman_request_duration_seconds_count{protocol="openai-chat",outcome="ok"} 1301',
        'dragoman_first_byte_seconds_count{model="claude-sonnet-4.5",stream="yes"} 651',
        'dragoman_attempt_duration_seconds_count{wire_profile="q-rest"} 1301',
        'dragoman_tokens_total{model="claude-sonnet-4.5",type="input"} 130100',
      ]),
    );
  });

  it('leaves out figures that are not numbers or negative', async () => {
    const { metrics, lines } = createMetrics();
    const usage = { inputTokens: measured(Number.NaN), outputTokens: measured(-5), credits: measured(Infinity) };
    metrics.observe(replyRecord({ usage }));
    const text = (await lines()).filter((line) => /^dragoman_(?:tokens|credits)_total/.test(line));
    expect(text).toEqual([]);
  });

  it('has the figures of every worker under its number', async () => {
    const second = new Metrics(SOURCES, { number: 2, collect: async () => [] });
    second.observe(replyRecord());
    const { metrics, lines } = createMetrics({
      number: 1,
      collect: async () => [structuredClone(await second.snapshot())],
    });
    metrics.observe(replyRecord());
    metrics.observe(replyRecord());
    const text = await lines();
    expect(text).toContain('dragoman_attempts_total{account="a",result="ok",worker="1"} 2');
    expect(text).toContain('dragoman_attempts_total{account="a",result="ok",worker="2"} 1');
    expect(text).toContain('dragoman_open_streams{worker="2"} 5');
    expect(text.filter((line) => line.startsWith('# TYPE dragoman_attempts_total'))).toHaveLength(1);
    expect(text.filter((line) => line.startsWith('process_start_time_seconds{'))).toHaveLength(2);
  });
});
