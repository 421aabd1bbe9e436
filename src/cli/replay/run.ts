/** Runs a capsule: its request goes through a gateway of its own to a simulator that plays the recorded answers. */
import { request as httpRequest } from 'node:http';
import type { Capsule, CapsuleExchange } from '../../capsules/format.ts';
import { loadWireProfiles } from '../../compose-profiles.ts';
import { startServing } from '../../compose-server.ts';
import { SETTING_KEYS, SETTINGS } from '../../config/settings.ts';
import { loadSettings } from '../../config.ts';
import type { Clock } from '../../core/clock.ts';
import { ERROR_RULES, type ErrorCode, GatewayError } from '../../core/errors.ts';
import { SILENT } from '../../core/log.ts';
import type { Catalogue } from '../../core/models.ts';
import type { AccountPool, Lease } from '../../gateway/ports.ts';
import { type Simulator, startSimulator } from '../../simulator/server.ts';
import { systemClock } from '../../transport/clock.ts';
import { createCodewhisperer } from '../../upstreams/codewhisperer/index.ts';
import { compare, type Difference, type Transcript, transcriptOf } from './compare.ts';

export interface Replayed {
  readonly differences: readonly Difference[];
  readonly upstreamRequests: number;
}

/** Rejects with a GatewayError if the capsule cannot be run. */
export async function replayCapsule(capsule: Capsule): Promise<Replayed> {
  const recordings = capsule.upstream.map(({ answer }) => answer);
  await using simulator = await startSimulator({ recordings });
  const reply = await throughGateway(capsule, simulator);
  const upstream = simulator.requests.map(({ method, path, query, headers, rawBody }) => ({
    method,
    url: `${simulator.url}${path}${Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : ''}`,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
    body: rawBody === '' ? null : rawBody,
  }));
  const replayed: Transcript = { request: capsule.request.body, upstream, ...reply };
  const differences = compare(transcriptOf(capsule), replayed, capsule.text, capsule.outcome === 'abandoned');
  return { differences, upstreamRequests: upstream.length };
}

interface Reply {
  readonly status: number;
  readonly reply: string;
}

async function throughGateway(capsule: Capsule, simulator: Simulator): Promise<Reply> {
  const { settings } = loadSettings({ ...settingsOf(capsule), ...ISOLATED });
  const upstream = createCodewhisperer(await loadWireProfiles(settings));
  const serving = await startServing(settings, SILENT, {
    clock: clockOf(capsule),
    upstream: { ...upstream, fixedCatalogue: () => catalogueOf(capsule) },
    pool: poolOf(capsule, simulator.url),
  });
  try {
    return await send(capsule, serving.server.port);
  } finally {
    await serving.stop();
  }
}

const ISOLATED = {
  DRAGOMAN_HOST: '127.0.0.1',
  DRAGOMAN_PORT: '0',
  DRAGOMAN_DATABASE_URL: 'sqlite::memory:',
  DRAGOMAN_SECRET_KEY: Buffer.alloc(32).toString('base64'),
  DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '0',
  DRAGOMAN_KIRO_TOKEN_FILE: 'off',
  DRAGOMAN_CAPSULES: 'off',
  DRAGOMAN_LEDGER: 'no',
};

/** Settings that decide what is sent and written; the others concern the installation. */
const REPLAYED_SETTINGS: ReadonlySet<string> = new Set([
  'DRAGOMAN_CODE_REFERENCES',
  'DRAGOMAN_FETCH_URLS',
  'DRAGOMAN_RECOVER_TOOL_CALLS',
  'DRAGOMAN_SEND_ENVIRONMENT',
  'DRAGOMAN_UNKNOWN_MODELS',
  'DRAGOMAN_WEB_SEARCH',
]);

/** A capsule may be of another version, with other settings. */
function isReplayed(name: string): boolean {
  return REPLAYED_SETTINGS.has(name) && SETTING_KEYS.some((key) => SETTINGS[key].name === name);
}

function settingsOf({ settings }: Capsule): Record<string, string> {
  const written = (value: unknown) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));
  return Object.fromEntries(
    settings.filter(({ name }) => isReplayed(name)).map(({ name, value }) => [name, written(value)]),
  );
}

/** Stands still at the time of the request, which replies contain. Waits take no time. */
function clockOf({ receivedAt }: Capsule): Clock {
  const nowMs = Date.parse(receivedAt);
  return {
    ...systemClock,
    now: () => nowMs,
    sleep: async (_ms, signal) => signal?.throwIfAborted(),
    random: () => 0.5,
  };
}

function catalogueOf({ upstream }: Capsule): Catalogue | undefined {
  const found = upstream.map(({ catalogue }) => catalogue).find((catalogue) => catalogue !== null);
  return isCatalogue(found) ? found : undefined;
}

function isCatalogue(value: unknown): value is Catalogue {
  return typeof value === 'object' && value !== null && 'models' in value && Array.isArray(value.models);
}

/** Leases the accounts of the recorded attempts, in their order. */
function poolOf({ upstream, code, error }: Capsule, simulatorUrl: string): AccountPool {
  let next = 0;
  const ended = new GatewayError(
    isErrorCode(code) ? code : 'no_account',
    error ?? 'The capsule has no further attempt.',
  );
  return {
    async lease({ control }): Promise<Lease> {
      // To ask about the account, such as whether it can search: not one of the attempts.
      const exchange = upstream[control ? Math.min(next, upstream.length - 1) : next];
      if (!exchange) throw ended;
      if (control) return leaseOf(exchange, simulatorUrl, () => {});
      next++;
      return leaseOf(exchange, simulatorUrl, () => next--);
    },
    status: async () => ({ ready: 1, total: 1, hasToken: true, tokenExpired: false }),
  };
}

function isErrorCode(code: string | null): code is ErrorCode {
  return code !== null && Object.hasOwn(ERROR_RULES, code);
}

function leaseOf({ account, access, expectsClosingEvents }: CapsuleExchange, url: string, undo: () => void): Lease {
  const { kind, region, profileArn, wireProfile, readings } = access;
  return {
    accountId: account,
    access: {
      kind,
      region,
      wireProfile,
      profileArn: profileArn ?? undefined,
      baseUrl: url,
      readings: readings ?? undefined,
    },
    accessToken: 'replay',
    sendsClosingEvents: expectsClosingEvents,
    cancel: undo,
    release() {},
  };
}

/** The connection and the gateway have their own. */
const NOT_SENT: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'content-encoding', 'accept-encoding', 'expect'],
  ...['authorization', 'x-api-key', 'cookie', 'origin', 'x-dragoman-group', 'x-dragoman-csrf'],
]);

function send({ request }: Capsule, port: number): Promise<Reply> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers)
    if (!NOT_SENT.has(name) && !name.startsWith('sec-') && /^[\x20-\x7e]*$/.test(value)) headers[name] = value;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: request.method, path: request.path, headers };
    httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('error', reject)
        .on('end', () => resolve({ status: response.statusCode ?? 0, reply: Buffer.concat(chunks).toString('utf8') }));
    })
      .on('error', reject)
      .end(request.body ?? '');
  });
}
