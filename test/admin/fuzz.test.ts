/**
 * Random requests to every route of the admin API, made from the schemas in /openapi.json. No answer is an internal error,
 * and secrets of the settings and of the requests appear in no log line, metric, trace or export.
 */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { Log } from '../../src/core/log.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { printCounts, scaled } from '../support/scale.ts';
import { type JsonSchema, valuesOf } from '../support/schema-values.ts';
import { startTestGateway, WITH_LEDGER } from '../support/test-gateway.ts';

const ADMIN_TOKEN = 'MARKED-ADMIN-TOKEN-0123456789';
const API_KEY = 'MARKED-API-KEY-0123456789';
const SENT_SECRET = 'MARKED-SECRET-IN-A-REQUEST';
const RUNS_PER_ROUTE = scaled({ usual: 12, full: 150 });
/** For an answer that waits for a person. */
const READING_MS = 2_000;
/** The same requests in every run, so that a failure is of the change that it tests; `FUZZ_SEED=…` sends others. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_129);

interface Route {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: 'query' | 'path'; readonly schema: JsonSchema }[];
  readonly body: JsonSchema | undefined;
}

async function adminRoutes(url: string): Promise<Route[]> {
  const response = await fetch(`${url}/openapi.json`);
  const { paths }: { paths: object } = JSON.parse(await response.text());
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/v2/'))
    .flatMap(([path, methods]) =>
      Object.entries(Object(methods)).map(([method, operation]) => {
        const { parameters = [], requestBody } = Object(operation);
        const body: JsonSchema | undefined = requestBody?.content['application/json'].schema;
        return { method: method.toUpperCase(), path, parameters, body };
      }),
    );
}

function requestsTo({ method, path, parameters, body }: Route, ids: readonly string[]) {
  const id = fc.oneof(fc.constantFrom(...ids), fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }));
  const query = fc.record(
    Object.fromEntries(
      parameters
        .filter((one) => one.in === 'query')
        .map(({ name, schema }) => [name, valuesOf(schema, SENT_SECRET).map((value) => textOf(value))]),
    ),
    { requiredKeys: [] },
  );
  return fc.record({
    method: fc.constant(method),
    target: fc.tuple(fc.array(id, { minLength: 2, maxLength: 2 }), query).map(([values, search]) => {
      let next = 0;
      const filled = path.replaceAll(
        /\{\w+\}/g,
        () => encodeURIComponent((values[next++] ?? '').toWellFormed()) || 'x',
      );
      const given = Object.entries(search).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
      const parameters = new URLSearchParams(given).toString();
      return parameters === '' ? filled : `${filled}?${parameters}`;
    }),
    body: body ? valuesOf(body, SENT_SECRET).map((value) => JSON.stringify(value)) : fc.constant(undefined),
  });
}

function textOf(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed();
}

interface SentRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string | undefined;
}

async function send(url: string, { method, target, body }: SentRequest) {
  const headers = {
    authorization: `Bearer ${ADMIN_TOKEN}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const signal = AbortSignal.timeout(READING_MS);
  try {
    const response = await fetch(url + target, { method, headers, signal, ...(body === undefined ? {} : { body }) });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (isStream) {
      await response.body?.cancel();
      return { status: response.status, text: '' };
    }
    return { status: response.status, text: await response.text().catch(() => '') };
  } catch (cause) {
    if (signal.aborted) return { status: 0, text: '' };
    throw cause;
  }
}

/** A sign-in through a proxy where nothing listens, as the values for addresses are. */
function isOfItsProxy({ target, body }: SentRequest, status: number): boolean {
  return target === '/v2/auth/start' && status === 502 && /"proxy":"http/.test(body ?? '');
}

function capturedLog() {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(`${message} ${inspect(fields, { depth: 12 })}`);
  const log: Log = { trace: write, debug: write, info: write, warn: write, error: write, fatal: write } as Log;
  return { lines, log };
}

it('answers no random request to the admin API with an internal error, and shows no secret', {
  timeout: 600_000,
}, async () => {
  // The AWS SDK must not look for the keys of a cloud machine.
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  const receiver = await startOtlpReceiver();
  const { lines, log } = capturedLog();
  await using gateway = await startTestGateway({
    log,
    env: {
      ...WITH_LEDGER,
      DRAGOMAN_ADMIN_TOKEN: ADMIN_TOKEN,
      DRAGOMAN_API_KEYS: API_KEY,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      DRAGOMAN_SHUTDOWN_TIMEOUT_MS: '1000',
    },
  });
  const { url } = gateway;
  const created = await send(url, { method: 'POST', target: '/v2/keys', body: '{"name":"fuzzed"}' });
  const ids = ['unknown', String(JSON.parse(created.text).key.id)];
  const accounts = await send(url, { method: 'GET', target: '/v2/accounts', body: undefined });
  const accountId = String(JSON.parse(accounts.text).accounts[0].id);
  const routes = await adminRoutes(url);
  const statuses: Record<string, number> = {};
  const refused: string[] = [];
  for (const route of routes) {
    // Changes of the only account would make later answers fail for a good reason.
    const known = ['PATCH', 'DELETE'].includes(route.method) ? ids : [...ids, accountId];
    const requests = fc.sample(requestsTo(route, known), { numRuns: RUNS_PER_ROUTE, seed: SEED });
    for (const request of requests) {
      const { status, text } = await send(url, request);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status >= 500 && !isOfItsProxy(request, status))
        refused.push(`${request.method} ${request.target} ${request.body} → ${status} ${text}`);
    }
  }
  printCounts('fuzzed admin requests', { seed: SEED, routes: routes.length, ...statuses });
  expect(refused).toEqual([]);
  expect(routes.length).toBeGreaterThan(20);
  expect(statuses[200]).toBeGreaterThan(routes.length);
  expect(statuses[400]).toBeGreaterThan(routes.length);
  const exported = routes.filter(({ method, path }) => method === 'GET' && !/[{]|events/.test(path));
  const pages = await Promise.all(
    exported.map(({ path }) => send(url, { method: 'GET', target: path, body: undefined })),
  );
  const metrics = await send(url, { method: 'GET', target: '/metrics', body: undefined });
  await gateway.close();
  const places = {
    log: lines.join('\n'),
    metrics: metrics.text,
    traces: Buffer.concat(receiver.bodies).toString('latin1'),
    exports: pages.map(({ text }) => text).join('\n'),
  };
  for (const [place, text] of Object.entries(places)) {
    expect([place, text.length > 1_000]).toEqual([place, true]);
    expect([place, /.{0,80}MARKED-.{0,20}/s.exec(text)?.[0]]).toEqual([place, undefined]);
  }
});
