/** Every request to the admin API. The session's cookie is the browser's; the CSRF token is kept in memory only. */
import { errorOf, offline } from './error.ts';

let csrfToken: string | undefined;

export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** For requests that the client APIs answer and that the session allows. */
export function sessionHeaders(): Record<string, string> {
  return csrfToken === undefined ? {} : { 'x-dragoman-csrf': csrfToken };
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Identifies the sender in place of the session. */
  readonly clientKey?: string | undefined;
  /** The request outlives the page. */
  readonly keepalive?: boolean;
}

export function get<T>(path: string, options: Omit<RequestOptions, 'body'> = {}): Promise<T> {
  return request<T>('GET', path, options);
}

export function post<T>(path: string, body?: unknown, options: Omit<RequestOptions, 'body'> = {}): Promise<T> {
  return request<T>('POST', path, { ...options, body });
}

export function patch<T>(path: string, body: unknown): Promise<T> {
  return request<T>('PATCH', path, { body });
}

export function remove<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return request<T>('DELETE', path, options);
}

/** Rejects with ApiError. The contract of the route guarantees the type. */
async function request<T>(
  method: string,
  path: string,
  { query, body, signal, clientKey, keepalive }: RequestOptions,
): Promise<T> {
  const response = await fetch(`${path}${toQuery(query)}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'GET' ? {} : sessionHeaders()),
      ...(clientKey === undefined ? {} : { authorization: `Bearer ${clientKey}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    ...(keepalive === undefined ? {} : { keepalive }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw offline(cause);
  });
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as T;
}

export function toQuery(query: Query = {}): string {
  const entries = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}
