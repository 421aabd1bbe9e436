/** Which connection a request takes: straight, or through the proxy of the usual environment variables. */
import { Agent, Dispatcher, EnvHttpProxyAgent } from 'undici';

export interface ProxySettings {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  /** Used where the other two are not set. `socks5://` works too. */
  readonly allProxy?: string | undefined;
  /** Comma-separated hosts which are reached directly; loopback always is. */
  readonly noProxy?: string | undefined;
}

/** Longer than the pauses inside an agent's session, shorter than what load balancers in front of the service allow. */
const KEEP_ALIVE_MS = 30_000;

export function createDispatcher(proxy: ProxySettings | undefined, connectTimeoutMs: number): Dispatcher {
  const options = { keepAliveTimeout: KEEP_ALIVE_MS, connect: { timeout: connectTimeoutMs } };
  const direct = new Agent(options);
  const httpProxy = proxy?.httpProxy || proxy?.allProxy;
  const httpsProxy = proxy?.httpsProxy || proxy?.allProxy || httpProxy;
  if (!httpProxy && !httpsProxy) return direct;
  // Empty strings, not undefined: undici would read the environment again, and settings may have overruled it.
  const proxied = new EnvHttpProxyAgent({
    ...options,
    httpProxy: httpProxy ?? '',
    httpsProxy: httpsProxy ?? '',
    noProxy: proxy?.noProxy ?? '',
  });
  return new LoopbackDirect(direct, proxied);
}

/** A proxy in the environment must not stand between dragoman and a simulator on the same machine. */
class LoopbackDirect extends Dispatcher {
  readonly #direct: Dispatcher;
  readonly #proxied: Dispatcher;

  constructor(direct: Dispatcher, proxied: Dispatcher) {
    super();
    this.#direct = direct;
    this.#proxied = proxied;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const target = isLoopback(options.origin) ? this.#direct : this.#proxied;
    return target.dispatch(options, handler);
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    const closed = Promise.all([this.#direct.close(), this.#proxied.close()]).then(() => undefined);
    return callback ? void closed.then(callback) : closed;
  }

  override destroy(error?: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    const callback = typeof first === 'function' ? first : second;
    const error = first instanceof Error ? first : null;
    const destroyed = Promise.all([this.#direct.destroy(error), this.#proxied.destroy(error)]).then(() => undefined);
    return callback ? void destroyed.then(callback) : destroyed;
  }
}

function isLoopback(origin: string | URL | undefined): boolean {
  if (origin === undefined) return false;
  const { hostname } = new URL(origin);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
