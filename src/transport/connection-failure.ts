/** Describes a failed connection for the client and the log: address, proxy, and the settings that chose them. */

export interface Route {
  /** Origin of the request URL, without path and password. */
  readonly origin: string;
  /** The setting that can choose the address. */
  readonly addressSetting: string | undefined;
  readonly proxy: { readonly address: string; readonly chosenBy: string } | undefined;
}

/** A full message: `Could not connect to http://127.0.0.1:1: connection refused (ECONNREFUSED). …` */
export function connectionFailure(cause: unknown, { origin, addressSetting, proxy }: Route): string {
  const through = proxy === undefined ? '' : ` through the proxy ${proxy.address}`;
  const settings = [
    ...(proxy === undefined ? [] : [`The proxy comes from ${proxy.chosenBy}.`]),
    ...(addressSetting === undefined ? [] : [`Set ${addressSetting} to use another address.`]),
  ];
  return [`Could not connect to ${origin}${through}: ${reasonOf(cause)}.`, ...settings].join(' ');
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the name server did not respond',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  EPROTO: 'the server does not speak TLS; check http and https in the address',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS; check http and https in the address',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS; check http and https in the address',
};

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Never uses the message of the cause, which may contain a proxy's password. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown reason';
  // undici has a text of its own for requests that a proxy forwards without a tunnel.
  const status = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(cause.message)?.[1];
  if (status === '407') return 'the proxy rejected the user name or password (407)';
  if (status !== undefined) return `the proxy responded with ${status}`;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  if (code === undefined) return cause.cause === undefined ? 'unknown reason' : reasonOf(cause.cause);
  if (UNTRUSTED.has(code))
    return `its TLS certificate is not trusted; add its authority with NODE_EXTRA_CA_CERTS (${code})`;
  if (code.includes('SOCKS')) return `the proxy rejected the connection (${code})`;
  const reason = REASONS[code];
  return reason === undefined ? code : `${reason} (${code})`;
}
