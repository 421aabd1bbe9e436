/**
 * The client connections of a server, and which of them carry a request. Those that do not (no request yet, half of one,
 * kept alive) are closed to make room when there are too many, the longest waiting first, and when the server drains.
 */
import type { Socket } from 'node:net';
import type { HttpExchange } from './http-exchange.ts';

export interface ConnectionLimits {
  readonly max: number;
  /** How long a client may leave a waiting answer unread. */
  readonly writeTimeoutMs: number;
}

export class Connections {
  readonly #max: number;
  /** Without a request, the longest waiting first. */
  readonly #waiting = new Set<Socket>();
  /** Of every connection: the requests in progress on it. */
  readonly #exchanges = new Map<Socket, HttpExchange[]>();
  #isDraining = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** For the server's `connection` event. */
  readonly accept = (socket: Socket): void => {
    if (this.#exchanges.size >= this.#max && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    this.#exchanges.set(socket, []);
    socket.once('close', () => {
      this.#waiting.delete(socket);
      this.#exchanges.delete(socket);
    });
  };

  begin(exchange: HttpExchange): void {
    const { socket } = exchange.request;
    this.#waiting.delete(socket);
    this.#exchanges.get(socket)?.push(exchange);
  }

  end(exchange: HttpExchange): void {
    const { socket } = exchange.request;
    const exchanges = this.#exchanges.get(socket);
    if (!exchanges) return;
    const at = exchanges.indexOf(exchange);
    if (at >= 0) exchanges.splice(at, 1);
    if (exchanges.length > 0) return;
    if (!socket.destroyed) this.#waiting.add(socket);
    if (this.#isDraining) socket.destroySoon();
  }

  /** Several if the client sends requests without waiting for the answers. */
  on(socket: Socket): Iterable<HttpExchange> {
    return this.#exchanges.get(socket) ?? [];
  }

  /** Ends each connection as soon as it carries no request. */
  drain(): void {
    this.#isDraining = true;
    for (const socket of this.#waiting) socket.destroy();
  }

  #makeRoom(): boolean {
    const [longest] = this.#waiting;
    if (!longest) return false;
    this.#waiting.delete(longest);
    this.#exchanges.delete(longest);
    longest.destroy();
    return true;
  }
}
