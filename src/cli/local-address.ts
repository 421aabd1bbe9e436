/** The addresses under which this machine reaches a gateway of its own. */
import type { Settings } from '../config.ts';

/** `127.0.0.1:8080`. Maps a wildcard listen address to one that a client can connect to. */
export function localAuthority(host: string, port: number): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1', '[::]': '::1' }[host] ?? host;
  return reachable.includes(':') && !reachable.startsWith('[') ? `[${reachable}]:${port}` : `${reachable}:${port}`;
}

type ConsoleAddress = Pick<Settings, 'host' | 'port' | 'adminHost' | 'adminPort'>;

/** The console of the gateway with these settings: `http://127.0.0.1:8080`. */
export function consoleUrl({ host, port, adminHost, adminPort }: ConsoleAddress): string {
  if (adminPort !== undefined) return `http://${localAuthority(adminHost, adminPort)}`;
  return `http://${localAuthority(host, port)}`;
}

/** The same address as this machine can open it: a gateway may listen on `http://0.0.0.0:8080`. */
export function reachableUrl(url: string): string {
  const { hostname, port } = new URL(url);
  return `http://${localAuthority(hostname, Number(port || 80))}`;
}

/** Browsers do not send the part behind `#`, so the ticket is in no server's log. */
export function ticketLink(url: string, ticket: string): string {
  return `${url}/#ticket=${ticket}`;
}
