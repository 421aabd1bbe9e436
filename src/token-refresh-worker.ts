/**
 * A process of its own for the one step that must not be interrupted: if a process is killed after the service has
 * consumed a refresh token and before its successor is stored, the sign-in is lost. When the gateway is killed, this
 * process finishes the refreshes it has begun, stores their tokens and exits. Started by token-refresh-process.ts.
 */
import { openLinked } from './accounts/imports/linked.ts';
import { TokenRefresh } from './accounts/token-refresh.ts';
import { composeTokenEndpoints, composeTransport } from './compose-tokens.ts';
import { GatewayError } from './core/errors.ts';
import type { Log } from './core/log.ts';
import { openStore } from './storage/open.ts';
import type { FromTokenProcess, ToTokenProcess } from './token-refresh-process.ts';
import type { TokenRefreshSettings } from './token-refresh-settings.ts';
import { systemClock } from './transport/clock.ts';

interface Opened {
  readonly exchange: TokenRefresh;
  close(): Promise<void>;
}

let settings: TokenRefreshSettings | undefined;
let opened: Promise<Opened> | undefined;
const running = new Set<Promise<void>>();

// Only token-refresh-process.ts of the same build talks to this process.
process.on('message', (message: ToTokenProcess) => {
  if (message.type === 'open') {
    settings = message.settings;
    // Whoever asks for a token hears of it.
    whenOpen().catch(() => {});
    return;
  }
  const work = make(message).finally(() => running.delete(work));
  running.add(work);
});
process.on('disconnect', () => void finish());
// The gateway decides when this ends, and a terminal's Ctrl-C is meant for the gateway.
process.on('SIGINT', () => {}).on('SIGTERM', () => {});

/** A database which could not be opened once may be there when the next token is wanted. */
async function whenOpen(): Promise<Opened> {
  if (!settings) throw new GatewayError('internal', 'The token process was asked before it was opened.');
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
  const exchange = new TokenRefresh({
    store: store.accounts,
    tokens,
    clock: systemClock,
    log: forwardingLog(),
    openFile: openLinked,
    onUnsaved: (isUnsaved) => tell({ type: 'unsaved', isUnsaved }),
  });
  return {
    exchange,
    async close() {
      await transport.close();
      await store.close();
    },
  };
}

async function make({ number, accountId, need }: ToTokenProcess & { type: 'make' }): Promise<void> {
  try {
    const { exchange } = await whenOpen();
    await exchange.make(accountId, need);
    tell({ type: 'made', number });
  } catch (cause) {
    const error = GatewayError.from(cause);
    const { code, message, retryAfterMs, upstream } = error;
    // The cause does not cross to the gateway.
    if (code === 'internal')
      tell({
        type: 'log',
        level: 'error',
        fields: { accountId, why: error.details },
        message: 'a token refresh failed',
      });
    tell({ type: 'failed', number, error: { code, message, retryAfterMs, upstream } });
  }
}

async function finish(): Promise<void> {
  await Promise.allSettled(running);
  const open = await opened?.catch(() => undefined);
  if (open) {
    await open.exchange.settled();
    await open.close();
  }
  process.exit();
}

function tell(message: FromTokenProcess): void {
  // Nobody is left to hear it when the gateway was killed.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function forwardingLog(): Log {
  const write = (level: keyof Log) => (fields: object, message: string) =>
    tell({ type: 'log', level, fields, message });
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
