/** Chooses the connection for a request: the account's proxy, the proxy from the settings, or none. */
import { checkedProxy, DIRECT } from '../accounts/proxy.ts';
import { withoutPassword } from '../core/userinfo.ts';
import type { Route } from './connection-failure.ts';
import { Agent, Dispatcher, EnvHttpProxyAgent, ProxyAgent, Socks5ProxyAgent } from './undici.ts';

export interface ProxySettings {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  /** Used if the other two are not set. `socks5://` is accepted too. */
  readonly allProxy?: string | undefined;
  /** Comma-separated hosts to reach directly; loopback always is. */
  readonly noProxy?: string | undefined;
}

/** Longer than the pauses within an agent's session, shorter than the idle timeout of the service's load balancers. */
const KEEP_ALIVE_MS = 30_000;

/** The connections through one proxy, or as the settings choose. */
export interface Connections {
  readonly dispatcher: Dispatcher;
  /** The route of a request, for messages; `addressSetting` is the setting that can choose its address. */
  routeOf(url: string, addressSetting: string | undefined): Route;
}

/** Connections by proxy, each with its own pools, created at first use. */
export class Dispatchers {
  readonly #byProxy = new Map<string, Connections>();
  readonly #usual: Connections;
  readonly #connectTimeoutMs: number;

  constructor(proxy: ProxySettings | undefined, connectTimeoutMs: number) {
    this.#usual = {
      dispatcher: createDispatcher(proxy, connectTimeoutMs),
      routeOf: (url, addressSetting) => toRoute(url, addressSetting, proxyOf(new URL(url), proxy ?? {})),
    };
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  /** undefined: as the settings choose. An account's own proxy is used for everything, including loopback. */
  of(proxy: string | undefined): Connections {
    if (proxy === undefined) return this.#usual;
    let connections = this.#byProxy.get(proxy);
    if (!connections) {
      const checked = checkedProxy(proxy);
      const chosen = checked === DIRECT ? undefined : { address: checked, chosenBy: 'the account’s own setting' };
      connections = {
        dispatcher: createAccountDispatcher(checked, this.#connectTimeoutMs),
        routeOf: (url, addressSetting) => toRoute(url, addressSetting, chosen),
      };
      this.#byProxy.set(proxy, connections);
    }
    return connections;
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#usual, ...this.#byProxy.values()].map(({ dispatcher }) => dispatcher.destroy()));
  }
}

function toRoute(url: string, addressSetting: string | undefined, proxy: Route['proxy']): Route {
  const { origin } = new URL(url);
  return { origin, addressSetting, proxy: proxy && { ...proxy, address: withoutPassword(proxy.address) } };
}

/** Must match the choice in `createDispatcher`. */
function proxyOf({ protocol, hostname }: URL, settings: ProxySettings): Route['proxy'] {
  if (isLoopback(hostname) || isExempt(hostname, settings.noProxy ?? '')) return undefined;
  const named = [
    ...(protocol === 'https:' ? [['HTTPS_PROXY', settings.httpsProxy] as const] : []),
    ...(protocol === 'http:' ? [['HTTP_PROXY', settings.httpProxy] as const] : []),
    ['ALL_PROXY', settings.allProxy] as const,
    ...(protocol === 'https:' ? [['HTTP_PROXY', settings.httpProxy] as const] : []),
  ];
  for (const [chosenBy, address] of named) if (address) return { address, chosenBy };
  return undefined;
}

/** Matches hosts and their subdomains, as undici does for NO_PROXY, but ignores ports; only messages depend on it. */
function isExempt(hostname: string, noProxy: string): boolean {
  return noProxy.split(/[,\s]+/).some((entry) => {
    const name = entry
      .replace(/:\d+$/, '')
      .replace(/^\*?\./, '')
      .toLowerCase();
    return name === '*' || (name !== '' && (hostname === name || hostname.endsWith(`.${name}`)));
  });
}

function createAccountDispatcher(proxy: string, connectTimeoutMs: number): Dispatcher {
  const options = optionsOf(connectTimeoutMs);
  if (proxy === DIRECT) return new Agent(options);
  const address = plainSocks(proxy);
  if (address.startsWith('socks')) return new Socks5ProxyAgent(address, { connectTimeout: connectTimeoutMs });
  return new ProxyAgent({ ...options, uri: address, connectTimeout: connectTimeoutMs });
}

function optionsOf(connectTimeoutMs: number) {
  return { keepAliveTimeout: KEEP_ALIVE_MS, connect: { timeout: connectTimeoutMs } };
}

/** The proxy always resolves names, which `socks5h` requires and `socks5` allows. */
function plainSocks(proxy: string): string {
  return proxy.replace(/^socks5h:/i, 'socks5:');
}

function createDispatcher(proxy: ProxySettings | undefined, connectTimeoutMs: number): Dispatcher {
  const options = optionsOf(connectTimeoutMs);
  const direct = new Agent(options);
  const httpProxy = proxy?.httpProxy || proxy?.allProxy;
  const httpsProxy = proxy?.httpsProxy || proxy?.allProxy || httpProxy;
  if (!httpProxy && !httpsProxy) return direct;
  const through = (address: string | undefined) =>
    address === undefined || address === ''
      ? direct
      : createEnvironmentDispatcher(address, proxy?.noProxy ?? '', options);
  return new ByOrigin(direct, through(httpProxy), through(httpsProxy));
}

/** Uses one proxy for everything except the hosts of `noProxy`. */
function createEnvironmentDispatcher(
  address: string,
  noProxy: string,
  options: ReturnType<typeof optionsOf>,
): Dispatcher {
  const { username, password } = new URL(address);
  return new EnvHttpProxyAgent({
    ...options,
    // Set both, or undici would read the environment, which settings may have overridden.
    httpProxy: plainSocks(address),
    httpsProxy: plainSocks(address),
    noProxy,
    // undici does not decode them for SOCKS.
    ...{ username: decodeURIComponent(username), password: decodeURIComponent(password) },
  });
}

/** Bypasses the proxy of the environment for loopback, such as a simulator on the same machine. */
class ByOrigin extends Dispatcher {
  readonly #direct: Dispatcher;
  readonly #forHttp: Dispatcher;
  readonly #forHttps: Dispatcher;

  constructor(direct: Dispatcher, forHttp: Dispatcher, forHttps: Dispatcher) {
    super();
    this.#direct = direct;
    this.#forHttp = forHttp;
    this.#forHttps = forHttps;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#targetOf(options.origin).dispatch(options, handler);
  }

  #targetOf(origin: string | URL | undefined): Dispatcher {
    if (origin === undefined) return this.#direct;
    const { hostname, protocol } = new URL(origin);
    if (isLoopback(hostname)) return this.#direct;
    return protocol === 'https:' ? this.#forHttps : this.#forHttp;
  }

  #all(): readonly Dispatcher[] {
    return [...new Set([this.#direct, this.#forHttp, this.#forHttps])];
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    const closed = Promise.all(this.#all().map((each) => each.close())).then(() => undefined);
    return callback ? void closed.then(callback) : closed;
  }

  override destroy(error?: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | void {
    const callback = typeof first === 'function' ? first : second;
    const error = first instanceof Error ? first : null;
    const destroyed = Promise.all(this.#all().map((each) => each.destroy(error))).then(() => undefined);
    return callback ? void destroyed.then(callback) : destroyed;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
