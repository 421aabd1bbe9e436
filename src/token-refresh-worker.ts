/**
 * A process of its own for the one step that must not be interrupted: if a process is killed after the service has
 * consumed a refresh token and before its successor is stored, the sign-in is lost. When the gateway is killed, this
 * process finishes the refreshes it has begun, stores their tokens and exits. Started by token-refresh-process.ts.
 */
import { openLinked } from './accounts/imports/linked.ts';
import { TokenRefresh } from './accounts/token-refresh.ts';
import { composeTokenEndpoints, composeTransport } from './compose-tokens.ts';
import { GatewayError } from './core/errors.ts';
import type { Log, LogLevelName } from './core/log.ts';
import { openStore } from './storage/open.ts';
import type { FromTokenProcess, ToTokenProcess } from './token-refresh-process.ts';
import type { TokenRefreshSettings } from './token-refresh-settings.ts';
import { systemClock } from './transport/clock.ts';

interface Opened {
  readonly tokenRefresh: TokenRefresh;
  close(): Promise<void>;
}

let opened: Promise<Opened> | undefined;
const running = new Set<Promise<void>>();
const log = forwardingLog();

// Only token-refresh-process.ts of the same build talks to this process.
process.on('message', (message: ToTokenProcess) => void refresh(message));
process.on('disconnect', () => void finish());
// The gateway decides when this process ends; Ctrl-C in a terminal is meant for the gateway.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});

/** A database that cannot be opened now is tried again with the next refresh. */
async function whenOpen(settings: TokenRefreshSettings): Promise<Opened> {
  opened ??= open(settings);
  const opening = opened;
  try {
    return await opening;
  } catch (cause) {
    if (opened === opening) opened = undefined;
    throw cause;
  }
}

async function open(settings: TokenRefreshSettings): Promise<Opened> {
  const { databaseUrl, home, secretKey } = settings;
  const store = await openStore({ url: databaseUrl, home, secretKey, clock: systemClock });
  const transport = composeTransport(settings);
  const tokens = composeTokenEndpoints(settings, transport, systemClock);
  const tokenRefresh = new TokenRefresh({
    store: store.accounts,
    tokens,
    clock: systemClock,
    log,
    openFile: openLinked,
    onUnsaved: (isUnsaved) => send({ type: 'unsaved', isUnsaved }),
  });
  return {
    tokenRefresh,
    async close() {
      await transport.close();
      await store.close();
    },
  };
}

async function refresh({ number, accountId, need, settings }: ToTokenProcess): Promise<void> {
  const done = Promise.withResolvers<void>();
  running.add(done.promise);
  try {
    const { tokenRefresh } = await whenOpen(settings);
    await tokenRefresh.refresh(accountId, need);
    send({ type: 'refreshed', number });
  } catch (cause) {
    const error = GatewayError.from(cause);
    const { code, message, retryAfterMs, upstream } = error;
    // The gateway does not receive the cause.
    if (code === 'internal') log.error({ accountId, why: error.details }, 'a token refresh failed');
    send({ type: 'failed', number, error: { code, message, retryAfterMs, upstream } });
  } finally {
    running.delete(done.promise);
    done.resolve();
  }
}

async function finish(): Promise<void> {
  await Promise.allSettled(running);
  const open = await opened?.catch(() => undefined);
  if (open) {
    await open.tokenRefresh.settled();
    await open.close();
  }
  process.exit();
}

function send(message: FromTokenProcess): void {
  // The gateway may have been killed.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function forwardingLog(): Log {
  const write = (level: LogLevelName) => (fields: object, message: string) =>
    send({ type: 'log', level, fields, message });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
