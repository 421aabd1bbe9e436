/** Live updates: `GET /v2/events` says what changed, and the cached data that depends on it is read again. */
import { useSyncExternalStore } from 'react';
import {
  ACCOUNTS_KEY,
  ACTIVITY_KEY,
  ALERTS_KEY,
  AUDIT_KEY,
  HISTORY_KEY,
  KEYS_KEY,
  MODELS_KEY,
  REQUESTS_KEY,
  SESSION_KEY,
  SETTINGS_KEY,
} from './keys.ts';
import { queryClient } from './query-client.ts';

/** The data that depends on each kind of event. */
const DEPENDENTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  request: [REQUESTS_KEY],
  account: [ACCOUNTS_KEY, MODELS_KEY],
  // The first key ends local mode.
  key: [KEYS_KEY, SESSION_KEY],
  alert: [ALERTS_KEY],
  ledger: [REQUESTS_KEY, HISTORY_KEY, KEYS_KEY],
  setting: [SETTINGS_KEY, AUDIT_KEY],
  // Events were missed.
  reload: [ACCOUNTS_KEY, ALERTS_KEY, HISTORY_KEY, KEYS_KEY, REQUESTS_KEY, SESSION_KEY, SETTINGS_KEY],
};

/** Sums over a long time: one request more hardly changes them, and reading them costs more. */
const SLOW_DEPENDENTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  account: [ACTIVITY_KEY],
  key: [ACTIVITY_KEY],
  // The health of the last hours: a request is recorded a little after its account has changed.
  ledger: [ACTIVITY_KEY, ACCOUNTS_KEY],
  reload: [ACTIVITY_KEY],
};
const SLOW_PAUSE_MS = 5_000;

/** A busy gateway ends hundreds of requests a second; a page is read again once in this time. */
const PAUSE_MS = 1_000;
/** Before a connection that the browser gave up is opened again. */
const RECONNECT_MS = 5_000;

const CHANNEL = 'dragoman.events';

/** Returns a function that ends it. */
export function followEvents(): () => void {
  const ending = new AbortController();
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => {
    if (data.type === 'event') invalidateSoon(String(data.kind));
    if (data.type === 'state') setLive(data.live === true);
    if (data.type === 'hello' && source) announce(isLive);
  };
  let source: EventSource | undefined;
  const announce = (live: boolean) => {
    if (ending.signal.aborted) return;
    setLive(live);
    channel.postMessage({ type: 'state', live });
  };
  const connect = () => {
    source = new EventSource('/v2/events');
    source.onopen = () => announce(true);
    source.onerror = () => {
      announce(false);
      if (source?.readyState === EventSource.CLOSED) reconnect = setTimeout(connect, RECONNECT_MS);
    };
    for (const kind of Object.keys(DEPENDENTS))
      source.addEventListener(kind, () => {
        if (ending.signal.aborted) return;
        invalidateSoon(kind);
        channel.postMessage({ type: 'event', kind });
      });
  };
  let reconnect: ReturnType<typeof setTimeout> | undefined;
  channel.postMessage({ type: 'hello' });
  const lead = () =>
    new Promise<void>((resolve) => {
      if (ending.signal.aborted) return resolve();
      connect();
      ending.signal.addEventListener('abort', () => resolve());
    });
  // Browsers open six connections to a host: all tabs share one for events. Without a secure context there are no locks.
  if (navigator.locks) navigator.locks.request(CHANNEL, { signal: ending.signal }, lead).catch(() => {});
  else void lead();
  return () => {
    ending.abort();
    clearTimeout(reconnect);
    source?.close();
    channel.close();
  };
}

const waiting = new Set<string>();

function invalidateSoon(kind: string): void {
  invalidateAfter(PAUSE_MS, kind, DEPENDENTS[kind]);
  invalidateAfter(SLOW_PAUSE_MS, kind, SLOW_DEPENDENTS[kind]);
}

function invalidateAfter(pauseMs: number, kind: string, keys: readonly (readonly string[])[] = []): void {
  const name = `${kind} ${pauseMs}`;
  if (keys.length === 0 || waiting.has(name)) return;
  waiting.add(name);
  setTimeout(() => {
    waiting.delete(name);
    for (const queryKey of keys) void queryClient.invalidateQueries({ queryKey });
  }, pauseMs);
}

let isLive = false;
const listeners = new Set<() => void>();

function setLive(live: boolean): void {
  if (live === isLive) return;
  isLive = live;
  for (const listener of listeners) listener();
}

/** Whether updates arrive by themselves at the moment. */
export function useIsLive(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isLive,
  );
}
