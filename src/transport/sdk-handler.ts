/** Sends requests of AWS's SDKs over dragoman's connections, with the same proxies and timeouts. */
import { exchange, type SmallConnections } from './small-exchange.ts';

interface SmithyRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export function createSdkHandler(connections: SmallConnections) {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    updateHttpClientConfig(): void {},
    httpHandlerConfigs: () => ({}),
    async handle(request: SmithyRequest, { abortSignal }: { abortSignal?: unknown } = {}) {
      const { protocol, hostname, port, path, query, method, headers, body } = request;
      const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${search(query)}`;
      const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
      const text = typeof body === 'string' || body instanceof Uint8Array ? body : '';
      const answer = await exchange(connections, { url, method, headers: withoutHost(headers), body: text }, signal);
      return { response: { statusCode: answer.status, headers: answer.headers, body: answer.body } };
    },
  };
}

function search(query: SmithyRequest['query'] = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one ?? '']));
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

/** undici sets both headers itself. */
function withoutHost(headers: Readonly<Record<string, string>>): Record<string, string> {
  const names = new Set(['host', 'content-length']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.has(name.toLowerCase())));
}
