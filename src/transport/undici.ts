/**
 * The classes of undici that carry requests, each from its own file: `import 'undici'` also loads fetch, WebSocket, caches and
 * mocks, which take 9 MB and 30 ms of a start. undici has no `exports` map, so its files may be imported; package-lock.json
 * and the bundle of the package fix their version.
 */
import api from 'undici/lib/api/index.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

export { default as errors } from 'undici/lib/core/errors.js';
export { default as Agent } from 'undici/lib/dispatcher/agent.js';
export { default as EnvHttpProxyAgent } from 'undici/lib/dispatcher/env-http-proxy-agent.js';
export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js';
export { default as Socks5ProxyAgent } from 'undici/lib/dispatcher/socks5-proxy-agent.js';
export { Dispatcher };

// As undici's index.js does: `request`, `connect` and the other methods of every dispatcher.
Object.assign(Dispatcher.prototype, api);
