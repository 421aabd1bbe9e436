/**
 * The table of all settings: names, default, meaning and accepted values. `loadSettings` reads it,
 * `dragoman config` prints it, docs/settings.md is checked against it.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import {
  anyText,
  byteCount,
  commaList,
  coreCount,
  filePath,
  filePathOrOff,
  listenAddress,
  nameOrOff,
  oneOf,
  originList,
  proxyAddress,
  regionalAddress,
  textLike,
  webAddress,
  webhookList,
  wholeNumber,
  yesOrNo,
} from './values.ts';

export interface Setting<Value> {
  /** The environment variable. It overrides every name in `alsoRead`, whatever the source. */
  readonly name: string;
  /** Names that other gateways and hosts use, in order of precedence. */
  readonly alsoRead: readonly string[];
  readonly schema: z.ZodType<Value>;
  /** For names that other programs read too; stricter where their values could be mistaken for valid ones. */
  readonly borrowedSchema: z.ZodType<Value>;
  readonly fallback: (home: string) => Value;
  /** The default as shown in the documentation. */
  readonly fallbackText: string;
  readonly accepts: string;
  readonly meaning: string;
  readonly isSecret: boolean;
}

interface Row<Value> {
  name: string;
  alsoRead?: readonly string[];
  schema: z.ZodType<Value>;
  borrowedSchema?: z.ZodType<Value>;
  fallback: Value | ((home: string) => Value);
  fallbackText?: string;
  accepts: string;
  meaning: string;
  isSecret?: boolean;
}

const MIB = 1024 ** 2;
const HOUR_MS = 3_600_000;
const STRATEGIES = ['sticky', 'least-used', 'round-robin', 'fill-first', 'random'] as const;
export const DEFAULT_HOME = join(homedir(), '.dragoman');

export const SETTINGS = {
  host: setting<string>({
    name: 'DRAGOMAN_HOST',
    alsoRead: ['HOST'],
    schema: anyText(),
    // conda exports the compiler's platform (`x86_64-conda-linux-gnu`), csh the machine's name.
    borrowedSchema: listenAddress(),
    fallback: '127.0.0.1',
    accepts: 'a host name or address of this machine',
    meaning: 'The address to listen on. Any address other than loopback requires an API key.',
  }),
  port: setting<number>({
    name: 'DRAGOMAN_PORT',
    alsoRead: ['PORT'],
    schema: wholeNumber(0, 65_535),
    fallback: 8080,
    accepts: 'a port, 0 to 65535 (0: any free port)',
    meaning: 'The port to listen on.',
  }),
  adminPort: setting<number | undefined>({
    name: 'DRAGOMAN_ADMIN_PORT',
    schema: wholeNumber(0, 65_535),
    fallback: undefined,
    fallbackText: 'none: everything is on one port',
    accepts: 'a port, 0 to 65535 (0: any free port)',
    meaning:
      'A second port for the console and the admin API, which `DRAGOMAN_PORT` then answers with 404. It serves the client API too, for the chat page.',
  }),
  adminHost: setting<string>({
    name: 'DRAGOMAN_ADMIN_HOST',
    schema: anyText(),
    fallback: '127.0.0.1',
    accepts: 'a host name or address of this machine',
    meaning: 'The address to listen on for `DRAGOMAN_ADMIN_PORT`.',
  }),
  workers: setting<number>({
    name: 'DRAGOMAN_WORKERS',
    schema: coreCount(256),
    fallback: 1,
    accepts: 'a whole number, 1 to 256, or `auto`: one for each core',
    meaning:
      'How many processes serve the port together. More than one needs a database that they can share: not `sqlite::memory:`.',
  }),
  home: setting<string>({
    name: 'DRAGOMAN_HOME',
    schema: filePath(),
    fallback: (home) => home,
    fallbackText: '`~/.dragoman`',
    accepts: 'a directory',
    meaning: 'The directory of the database, the secret key and your own wire profiles (`profiles/*.json`).',
  }),
  databaseUrl: setting<string>({
    name: 'DRAGOMAN_DATABASE_URL',
    alsoRead: ['DATABASE_URL'],
    schema: textLike(/^(?:sqlite:|postgres(?:ql)?:\/\/).+/, 'a database this version can open'),
    fallback: (home) => `sqlite:${join(home, 'dragoman.db')}`,
    fallbackText: '`sqlite:` file `dragoman.db` in `DRAGOMAN_HOME`',
    accepts: '`sqlite:` and a path, `sqlite::memory:`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`',
    meaning: 'The database for accounts, with encrypted credentials.',
    isSecret: false,
  }),
  secretKey: setting<string | undefined>({
    name: 'DRAGOMAN_SECRET_KEY',
    schema: textLike(/^.{32,}$/s, 'long enough'),
    fallback: undefined,
    fallbackText: 'generated, a file with mode 0600 in `DRAGOMAN_HOME`',
    accepts: 'at least 32 random characters (`openssl rand -base64 32`)',
    meaning: 'Encrypts the credentials in the database.',
    isSecret: true,
  }),
  apiKeys: setting<readonly string[]>({
    name: 'DRAGOMAN_API_KEYS',
    alsoRead: ['OPENAI_KEYS', 'KIRO_CLIENT_TOKEN'],
    schema: commaList(),
    fallback: [],
    fallbackText: 'none',
    accepts: 'comma-separated keys',
    meaning:
      'The API keys for clients, sent as `Authorization: Bearer …`, `x-api-key` or `api-key` (one valid key of several is enough), in addition to keys created with `dragoman keys`.',
    isSecret: true,
  }),
  adminToken: setting<string | undefined>({
    name: 'DRAGOMAN_ADMIN_TOKEN',
    schema: textLike(/^\S{16,}$/, 'long enough, or has spaces in it'),
    fallback: undefined,
    fallbackText: 'generated at the first start, shown once',
    accepts: 'at least 16 characters without spaces',
    meaning: 'The token for the admin API (`/v2`), required in local mode too.',
    isSecret: true,
  }),
  sessionIdleMinutes: setting<number>({
    name: 'DRAGOMAN_SESSION_IDLE_MINUTES',
    schema: wholeNumber(1, 43_200),
    fallback: 720,
    accepts: 'a whole number, 1 to 43200',
    meaning: 'How many minutes after its last use a session of the console ends.',
  }),
  sessionHours: setting<number>({
    name: 'DRAGOMAN_SESSION_HOURS',
    schema: wholeNumber(1, 8_760),
    fallback: 168,
    accepts: 'a whole number, 1 to 8760',
    meaning: 'How many hours after signing in a session of the console ends, whatever its use.',
  }),
  alertWebhooks: setting<readonly string[]>({
    name: 'DRAGOMAN_ALERT_WEBHOOKS',
    schema: webhookList(),
    fallback: [],
    fallbackText: 'none',
    accepts:
      'at most ten comma-separated addresses, each with `slack:`, `feishu:` or `dingtalk:` in front if it is one',
    meaning:
      'Where alerts are sent: accounts that are signed out, suspended or out of quota, no account ready, budgets, many errors. Public addresses, and those of `DRAGOMAN_FETCH_ALLOWED_HOSTS`.',
    isSecret: true,
  }),
  alertErrorPercent: setting<number>({
    name: 'DRAGOMAN_ALERT_ERROR_PERCENT',
    schema: wholeNumber(0, 100),
    fallback: 20,
    accepts: 'a whole number, 0 to 100; 0: never',
    meaning: 'The share of failed requests within five minutes, of at least 20, that is an alert.',
  }),
  auditDays: setting<number>({
    name: 'DRAGOMAN_AUDIT_DAYS',
    schema: wholeNumber(1, 3_650),
    fallback: 365,
    accepts: 'a whole number, 1 to 3650',
    meaning: 'How many days to keep the audit trail, at most 100000 entries.',
  }),
  upstreamUrl: setting<string | undefined>({
    name: 'DRAGOMAN_UPSTREAM_URL',
    alsoRead: ['AMAZONQ_API_ENDPOINT'],
    schema: regionalAddress(),
    fallback: undefined,
    fallbackText: 'by region and wire profile',
    accepts: "an http or https address; `{region}` and `{host}` (the service's own host) are replaced",
    meaning: 'The base URL of the service, such as the simulator or a private endpoint.',
  }),
  oidcUrl: setting<string | undefined>({
    name: 'DRAGOMAN_OIDC_URL',
    alsoRead: ['AMAZONQ_TOKEN_ENDPOINT'],
    schema: regionalAddress('/token'),
    fallback: undefined,
    fallbackText: '`https://oidc.{region}.amazonaws.com`',
    accepts: 'an http or https address, with or without `/token`; `{region}` is replaced',
    meaning: 'The sign-in service of Builder ID and Identity Center.',
  }),
  socialAuthUrl: setting<string>({
    name: 'DRAGOMAN_SOCIAL_AUTH_URL',
    schema: webAddress(),
    fallback: 'https://prod.us-east-1.auth.desktop.kiro.dev',
    accepts: 'an http or https address',
    meaning: "Kiro's sign-in service for Google and GitHub accounts.",
  }),
  portalUrl: setting<string>({
    name: 'DRAGOMAN_PORTAL_URL',
    schema: webAddress(),
    fallback: 'https://app.kiro.dev',
    accepts: 'an http or https address',
    meaning: "Kiro's portal, which `dragoman login --social` opens in the browser.",
  }),
  idpHosts: setting<readonly string[]>({
    name: 'DRAGOMAN_IDP_HOSTS',
    schema: commaList(),
    fallback: [],
    fallbackText: 'none',
    accepts: 'comma-separated hosts, with the port if it is not the default one',
    meaning:
      "Hosts of organisations' identity providers that may receive refresh tokens, in addition to Microsoft Entra ID.",
  }),
  refreshToken: setting<string | undefined>({
    name: 'DRAGOMAN_REFRESH_TOKEN',
    alsoRead: ['AMAZONQ_REFRESH_TOKEN', 'AWS_REFRESHTOKEN'],
    schema: anyText(),
    fallback: undefined,
    fallbackText: 'none',
    accepts: 'a refresh token',
    meaning:
      'The refresh token of an account from the environment: Builder ID or Identity Center with a client id, Kiro without.',
    isSecret: true,
  }),
  clientId: setting<string | undefined>({
    name: 'DRAGOMAN_CLIENT_ID',
    alsoRead: ['AMAZONQ_CLIENT_ID'],
    schema: anyText(),
    fallback: undefined,
    fallbackText: 'none',
    accepts: "the client id of the refresh token's registration",
    meaning: 'The client id of the account from the environment.',
  }),
  clientSecret: setting<string | undefined>({
    name: 'DRAGOMAN_CLIENT_SECRET',
    alsoRead: ['AMAZONQ_CLIENT_SECRET'],
    schema: anyText(),
    fallback: undefined,
    fallbackText: 'none',
    accepts: 'the client secret of the same registration',
    meaning: 'The client secret of the account from the environment.',
    isSecret: true,
  }),
  profileArn: setting<string | undefined>({
    name: 'DRAGOMAN_PROFILE_ARN',
    alsoRead: ['AMAZONQ_PROFILE_ARN'],
    schema: textLike(/^arn:aws[a-z-]*:codewhisperer:[a-z0-9-]+:\d{12}:profile\/[A-Za-z0-9]+$/, 'a profile ARN'),
    fallback: undefined,
    fallbackText: 'none',
    accepts: '`arn:aws:codewhisperer:REGION:ACCOUNT:profile/ID`',
    meaning: 'The organisation profile of the account from the environment.',
  }),
  region: setting<string>({
    name: 'DRAGOMAN_REGION',
    schema: textLike(/^[a-z]{2}(?:-[a-z]+){1,3}-\d$/, 'an AWS region'),
    fallback: 'us-east-1',
    accepts: 'an AWS region such as `eu-central-1`',
    meaning: 'The region of the account from the environment, and the default region for `dragoman login`.',
  }),
  kiroApiKey: setting<string | undefined>({
    name: 'DRAGOMAN_KIRO_API_KEY',
    alsoRead: ['KIRO_API_KEY'],
    schema: anyText(),
    fallback: undefined,
    fallbackText: 'none',
    accepts: 'a Kiro API key',
    meaning: 'The API key of an account from the environment; it needs no refresh.',
    isSecret: true,
  }),
  iam: setting<string | undefined>({
    name: 'DRAGOMAN_IAM',
    alsoRead: ['AMAZON_Q_SIGV4'],
    schema: nameOrOff(/^[\w.@+-]+$/, 'the name of an AWS profile'),
    fallback: undefined,
    fallbackText: '`off`',
    accepts: '`on` for the default AWS credential chain, the name of a profile of `~/.aws/config`, or `off`',
    meaning: 'An account from the environment that signs requests with AWS keys, in `DRAGOMAN_REGION`.',
  }),
  kiroTokenFile: setting<string | undefined>({
    name: 'DRAGOMAN_KIRO_TOKEN_FILE',
    schema: filePathOrOff(),
    fallback: join(homedir(), '.aws', 'sso', 'cache', 'kiro-auth-token.json'),
    fallbackText: '`~/.aws/sso/cache/kiro-auth-token.json`',
    accepts: 'a file, or `off`',
    meaning: "The Kiro IDE's token file, shared with the IDE if it exists.",
  }),
  strategy: setting<(typeof STRATEGIES)[number]>({
    name: 'DRAGOMAN_STRATEGY',
    schema: oneOf(STRATEGIES),
    fallback: 'sticky',
    accepts: '`sticky`, `least-used`, `round-robin`, `fill-first` or `random`',
    meaning: 'How to choose among accounts. `sticky`: a conversation stays with its account.',
  }),
  queueLimit: setting<number>({
    name: 'DRAGOMAN_QUEUE_LIMIT',
    schema: wholeNumber(0, 100_000),
    fallback: 1_000,
    accepts: 'a number, 0 to 100000',
    meaning:
      'How many requests may queue while every account is busy. Further requests are rejected with `retry-after`.',
  }),
  queueTimeoutMs: setting<number>({
    name: 'DRAGOMAN_QUEUE_TIMEOUT_MS',
    schema: wholeNumber(0, HOUR_MS),
    fallback: 30_000,
    accepts: 'milliseconds, 0 to 3600000',
    meaning: 'How long a request may wait for an account.',
  }),
  maxErrorCount: setting<number>({
    name: 'DRAGOMAN_MAX_ERROR_COUNT',
    alsoRead: ['MAX_ERROR_COUNT'],
    schema: wholeNumber(1, 1_000_000),
    fallback: 100,
    accepts: 'a whole number, 1 to 1000000',
    meaning: 'Consecutive failures caused by the account before it is disabled.',
  }),
  wireProfile: setting<string | undefined>({
    name: 'DRAGOMAN_WIRE_PROFILE',
    schema: textLike(/^[a-z][a-z0-9-]{1,40}$/, 'the name of a wire profile'),
    fallback: undefined,
    fallbackText: 'by the kind of account',
    accepts: '`q-rest`, `q-json`, `kiro-krs`, `kiro-runtime`, `codewhisperer-legacy` or one of your own profiles',
    meaning:
      'The wire profile (host, path, headers and fields) to use, without trying others. Signed requests always use `q-iam`.',
  }),
  unknownModels: setting<'default' | 'refuse'>({
    name: 'DRAGOMAN_UNKNOWN_MODELS',
    schema: oneOf(['default', 'refuse']),
    fallback: 'default',
    accepts: '`default` or `refuse`',
    meaning:
      'How to handle models of families that the service does not offer, such as `gpt-4o`: use the account’s default model, or respond with 404.',
  }),
  sendEnvironment: setting<boolean>({
    name: 'DRAGOMAN_SEND_ENVIRONMENT',
    schema: yesOrNo(),
    fallback: false,
    fallbackText: '`no`',
    accepts: '`yes` or `no`',
    meaning:
      'Whether to send the service the operating system, working directory and git status that the client states when a conversation begins.',
  }),
  storedResponses: setting<number>({
    name: 'DRAGOMAN_STORED_RESPONSES',
    schema: wholeNumber(1, 100_000),
    fallback: 1_000,
    accepts: 'a whole number, 1 to 100000',
    meaning: 'How many responses to keep per key, encrypted, for `previous_response_id` and later retrieval.',
  }),
  storedResponseDays: setting<number>({
    name: 'DRAGOMAN_STORED_RESPONSE_DAYS',
    schema: wholeNumber(1, 3_650),
    fallback: 30,
    accepts: 'a whole number, 1 to 3650',
    meaning: 'How many days to keep a response after its last use. A request with `store: false` is not stored.',
  }),
  ledger: setting<boolean>({
    name: 'DRAGOMAN_LEDGER',
    schema: yesOrNo(),
    fallback: true,
    fallbackText: '`yes`',
    accepts: '`yes` or `no`',
    meaning: 'Whether to record each request: its key, account, model, tokens, credits, attempts and errors.',
  }),
  ledgerDays: setting<number>({
    name: 'DRAGOMAN_LEDGER_DAYS',
    schema: wholeNumber(1, 3_650),
    fallback: 90,
    accepts: 'a whole number, 1 to 3650',
    meaning: 'How many days to keep the record of a request. Sums by day are kept for good.',
  }),
  ledgerRows: setting<number>({
    name: 'DRAGOMAN_LEDGER_ROWS',
    schema: wholeNumber(1_000, 100_000_000),
    fallback: 1_000_000,
    accepts: 'a whole number, 1000 to 100000000',
    meaning: 'How many requests to keep at most; 0.5 to 1 KB each. With `sqlite::memory:` at most 10000.',
  }),
  ledgerText: setting<'none' | 'sealed'>({
    name: 'DRAGOMAN_LEDGER_TEXT',
    schema: oneOf(['none', 'sealed']),
    fallback: 'none',
    accepts: '`none` or `sealed`',
    meaning:
      'Whether to record prompts and answers too: `sealed` stores them encrypted with the secret key, up to about 200 KB each. Only `GET /v2/requests/{id}` shows them.',
  }),
  ledgerTextBytes: setting<number>({
    name: 'DRAGOMAN_LEDGER_TEXT_BYTES',
    schema: byteCount(1024 ** 2, 1024 ** 4),
    fallback: 1024 ** 3,
    fallbackText: '`1GiB`',
    accepts: 'bytes, or with a unit: `500MiB`, `10GiB`; 1 MiB to 1 TiB',
    meaning:
      'The maximum total size of recorded prompts and answers, of the newest 100000 requests at most. With `sqlite::memory:` at most 64 MiB.',
  }),
  recoverToolCalls: setting<boolean>({
    name: 'DRAGOMAN_RECOVER_TOOL_CALLS',
    schema: yesOrNo(),
    fallback: true,
    fallbackText: '`yes`',
    accepts: '`yes` or `no`',
    meaning: 'Whether to turn a tool call that the model printed as text into a real call, if it is unambiguous.',
  }),
  firstAid: setting<boolean>({
    name: 'DRAGOMAN_FIRST_AID',
    schema: yesOrNo(),
    fallback: true,
    fallbackText: '`yes`',
    accepts: '`yes` or `no`',
    meaning:
      'Whether to send a request once more, under the safest readings of doubtful [rules](rules.md), if the service refuses it without a reason.',
  }),
  capsules: setting<'off' | 'failures' | 'all'>({
    name: 'DRAGOMAN_CAPSULES',
    schema: oneOf(['off', 'failures', 'all']),
    fallback: 'failures',
    accepts: '`off`, `failures` or `all`',
    meaning:
      'Which recent requests to keep whole in memory, for `dragoman capsule`: those that failed, all, or none. See [capsules.md](capsules.md).',
  }),
  codeReferences: setting<'allow' | 'block'>({
    name: 'DRAGOMAN_CODE_REFERENCES',
    schema: oneOf(['allow', 'block']),
    fallback: 'allow',
    accepts: '`allow` or `block`',
    meaning: 'Whether to propose inline completions that match licensed public code, with their references.',
  }),
  fetchUrls: setting<boolean>({
    name: 'DRAGOMAN_FETCH_URLS',
    schema: yesOrNo(),
    fallback: true,
    fallbackText: '`yes`',
    accepts: '`yes` or `no`',
    meaning: 'Whether to fetch images and documents that requests refer to by URL, from the public internet only.',
  }),
  fetchAllowedHosts: setting<readonly string[]>({
    name: 'DRAGOMAN_FETCH_ALLOWED_HOSTS',
    schema: commaList().refine(
      (hosts) => hosts.every((host) => /^[^\s/@:]+:\d{1,5}$|^[0-9a-f:]+:\d{1,5}$/i.test(host)),
      'contains an entry that is not a host with a port',
    ),
    fallback: [],
    fallbackText: 'none',
    accepts: 'comma-separated hosts with their ports: `files.example.com:8443`',
    meaning: 'Hosts that may be fetched from even if they are private or their port is neither 80 nor 443.',
  }),
  fetchTimeoutMs: setting<number>({
    name: 'DRAGOMAN_FETCH_TIMEOUT_MS',
    schema: wholeNumber(100, 300_000),
    fallback: 15_000,
    accepts: 'milliseconds, 100 to 300000',
    meaning: 'How long fetching one URL may take, including queueing, redirects and body.',
  }),
  fetchMaxBytes: setting<number>({
    name: 'DRAGOMAN_FETCH_MAX_BYTES',
    schema: byteCount(1024, 64 * MIB),
    fallback: 20 * MIB,
    fallbackText: '`20MiB`',
    accepts: 'bytes, or with a unit: `20MiB`; at most `64MiB`',
    meaning: 'The maximum size fetched from one URL.',
  }),
  webSearch: setting<boolean>({
    name: 'DRAGOMAN_WEB_SEARCH',
    schema: yesOrNo(),
    fallback: true,
    fallbackText: '`yes`',
    accepts: '`yes` or `no`',
    meaning: "Whether to run web searches that clients request from their vendor, through the service's own search.",
  }),
  corsOrigins: setting<readonly string[]>({
    name: 'DRAGOMAN_CORS_ORIGINS',
    schema: originList(),
    fallback: [],
    fallbackText: 'none in local mode, every origin once keys are configured',
    accepts: 'comma-separated origins such as `https://chat.example.com`',
    meaning: 'Origins of web pages that may call the client API. If set, only these may.',
  }),
  maxBodyBytes: setting<number>({
    name: 'DRAGOMAN_MAX_BODY_BYTES',
    schema: byteCount(1024, 512 * MIB),
    fallback: 64 * MIB,
    fallbackText: '`64MiB`',
    accepts: 'bytes, or with a unit: `512KiB`, `64MiB`; 1 KiB to 512 MiB',
    meaning: 'The maximum size of a request body after decompression.',
  }),
  maxBodiesBytes: setting<number>({
    name: 'DRAGOMAN_MAX_BODIES_BYTES',
    schema: byteCount(1024, 64 * 1024 * MIB),
    fallback: 256 * MIB,
    fallbackText: '`256MiB`',
    accepts: 'bytes, or with a unit: `512MiB`; 1 KiB to 64 GiB',
    meaning:
      'The maximum total size of the bodies of all requests in progress, both as sent and decompressed; further requests get 503. The effective value is at least twice `DRAGOMAN_MAX_BODY_BYTES`. A gateway needs about four times as much memory.',
  }),
  pingIntervalMs: setting<number>({
    name: 'DRAGOMAN_PING_INTERVAL_MS',
    schema: wholeNumber(100, HOUR_MS),
    fallback: 10_000,
    accepts: 'milliseconds, 100 to 3600000',
    meaning: 'The longest silence in a stream before a ping or comment is sent.',
  }),
  connectTimeoutMs: setting<number>({
    name: 'DRAGOMAN_CONNECT_TIMEOUT_MS',
    schema: wholeNumber(100, HOUR_MS),
    fallback: 10_000,
    accepts: 'milliseconds, 100 to 3600000',
    meaning: 'How long connecting to the service may take.',
  }),
  firstByteTimeoutMs: setting<number>({
    name: 'DRAGOMAN_FIRST_BYTE_TIMEOUT_MS',
    schema: wholeNumber(100, HOUR_MS),
    fallback: 300_000,
    accepts: 'milliseconds, 100 to 3600000',
    meaning: 'How long the service may take to send the response headers; its own clients wait as long.',
  }),
  idleTimeoutMs: setting<number>({
    name: 'DRAGOMAN_IDLE_TIMEOUT_MS',
    schema: wholeNumber(100, HOUR_MS),
    fallback: 300_000,
    accepts: 'milliseconds, 100 to 3600000',
    meaning: 'How long the service may pause in the middle of a response.',
  }),
  writeTimeoutMs: setting<number>({
    name: 'DRAGOMAN_WRITE_TIMEOUT_MS',
    schema: wholeNumber(1_000, HOUR_MS),
    fallback: 120_000,
    accepts: 'milliseconds, 1000 to 3600000',
    meaning: 'How long a client may stop reading a response before its connection is closed.',
  }),
  maxConnections: setting<number>({
    name: 'DRAGOMAN_MAX_CONNECTIONS',
    schema: wholeNumber(10, 1_000_000),
    fallback: 10_000,
    accepts: 'a whole number, 10 to 1000000',
    meaning:
      'The maximum number of open client connections; beyond it, the longest-idle connection is closed. Never more than half the open-file limit of the process.',
  }),
  shutdownTimeoutMs: setting<number>({
    name: 'DRAGOMAN_SHUTDOWN_TIMEOUT_MS',
    schema: wholeNumber(0, HOUR_MS),
    fallback: 25_000,
    accepts: 'milliseconds, 0 to 3600000',
    meaning: 'How long open replies may continue after SIGTERM; shorter than the 30 s that Kubernetes allows.',
  }),
  httpsProxy: setting<string | undefined>({
    name: 'HTTPS_PROXY',
    alsoRead: ['https_proxy'],
    schema: proxyAddress(),
    fallback: undefined,
    fallbackText: 'none',
    accepts: 'an address that begins with `http://`, `https://` or `socks5://`',
    meaning: 'The proxy for https addresses.',
    isSecret: true,
  }),
  httpProxy: setting<string | undefined>({
    name: 'HTTP_PROXY',
    alsoRead: ['http_proxy'],
    schema: proxyAddress(),
    fallback: undefined,
    fallbackText: 'none',
    accepts: 'an address that begins with `http://`, `https://` or `socks5://`',
    meaning: 'The proxy for http addresses.',
    isSecret: true,
  }),
  allProxy: setting<string | undefined>({
    name: 'ALL_PROXY',
    alsoRead: ['all_proxy'],
    schema: proxyAddress(),
    fallback: undefined,
    fallbackText: 'none',
    accepts: 'an address that begins with `http://`, `https://` or `socks5://`',
    meaning: 'The proxy used if neither of the two above is set.',
    isSecret: true,
  }),
  noProxy: setting<readonly string[]>({
    name: 'NO_PROXY',
    alsoRead: ['no_proxy'],
    schema: commaList(),
    fallback: [],
    fallbackText: 'none',
    accepts: 'comma-separated hosts; `*` for all',
    meaning: 'Hosts to reach without a proxy.',
  }),
  metrics: setting<'loopback' | 'token' | 'open' | 'off'>({
    name: 'DRAGOMAN_METRICS',
    schema: oneOf(['loopback', 'token', 'open', 'off']),
    fallback: 'loopback',
    accepts: '`loopback`, `token`, `open` or `off`',
    meaning:
      'Who may read `/metrics`. `loopback`: programs on this machine, others with the admin token. `token`: only with the admin token. `open`: every program that reaches the gateway. `off`: nothing is counted.',
  }),
  otlpEndpoint: setting<string | undefined>({
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    schema: webAddress('/v1/traces'),
    fallback: undefined,
    fallbackText: 'none: no traces',
    accepts: 'an http or https address, such as `http://127.0.0.1:4318`',
    meaning:
      'The OpenTelemetry collector that traces are exported to by OTLP over HTTP. Its standard path for traces is appended.',
  }),
  otlpHeaders: setting<readonly string[]>({
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    schema: commaList().refine(
      (pairs) => pairs.every((pair) => /^[!#$%&'*+.^_`|~\w-]+=[\x20-\x7e]+$/.test(pair)),
      'contains an entry that is not a header',
    ),
    fallback: [],
    fallbackText: 'none',
    accepts: 'comma-separated `NAME=VALUE`, values percent-encoded',
    meaning: 'Headers for the collector, such as its key.',
    isSecret: true,
  }),
  otlpServiceName: setting<string>({
    name: 'OTEL_SERVICE_NAME',
    schema: anyText(),
    fallback: 'dragoman',
    accepts: 'a name',
    meaning: 'The name of this gateway in traces.',
  }),
  tracePercent: setting<number>({
    name: 'DRAGOMAN_TRACE_PERCENT',
    schema: wholeNumber(0, 100),
    fallback: 100,
    accepts: 'a whole number, 0 to 100',
    meaning:
      'How many of the traces that begin here are exported. A trace that a client began is exported if the client records it.',
  }),
  logLevel: setting<LogLevel>({
    name: 'DRAGOMAN_LOG_LEVEL',
    alsoRead: ['LOG_LEVEL'],
    schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
    accepts: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`',
    meaning: 'The log level. Bodies and secrets are never logged.',
  }),
  logFormat: setting<'auto' | 'pretty' | 'json'>({
    name: 'DRAGOMAN_LOG_FORMAT',
    schema: oneOf(['auto', 'pretty', 'json']),
    fallback: 'auto',
    accepts: '`auto`, `pretty` or `json`',
    meaning: 'The log format. `auto`: pretty on a terminal, JSON otherwise.',
  }),
} as const;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type SettingKey = keyof typeof SETTINGS;

type ValueOf<Row> = Row extends Setting<infer Value> ? Value : never;
export type Settings = { readonly [Key in SettingKey]: ValueOf<(typeof SETTINGS)[Key]> };

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[]; // Keys of a constant, so the cast is exact.

function setting<Value>(row: Row<Value>): Setting<Value> {
  const { fallback } = row;
  return {
    alsoRead: [],
    isSecret: false,
    borrowedSchema: row.schema,
    ...row,
    fallback: isFunction(fallback) ? fallback : () => fallback,
    fallbackText: row.fallbackText ?? `\`${String(fallback)}\``,
  };
}

function isFunction<Value>(fallback: Value | ((home: string) => Value)): fallback is (home: string) => Value {
  return typeof fallback === 'function';
}
