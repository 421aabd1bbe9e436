/** What a server is given, and what it gives back. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { ApiKeys } from '../gateway/api-keys.ts';
import type { CaptureRing } from '../gateway/captures/ring.ts';
import type { KeyLimiter } from '../gateway/key-limits/key-limiter.ts';
import type { Gateway } from '../gateway/ports.ts';
import type { RequestObserver } from '../gateway/request-record.ts';
import type { Responses } from '../gateway/responses.ts';
import type { ClientProtocol } from '../protocols/protocol.ts';
import type { AdminDependencies } from './admin/ports.ts';
import type { BodyLimits } from './body.ts';
import type { ReadClientDays } from './client-usage-contract.ts';
import type { ConnectionLimits } from './connections.ts';
import type { ResolveModel } from './models.ts';

export interface ServerOptions {
  readonly gateway: Gateway;
  /** Stored responses, and those made in the background. */
  readonly responses: Responses;
  /** Without any, the server is in local mode. */
  readonly apiKeys: Pick<
    ApiKeys,
    'isEmpty' | 'usable' | 'identify' | 'identifyNow' | 'find' | 'restrictedKey' | 'checkForChanges'
  >;
  readonly keyLimiter: Pick<KeyLimiter, 'admit' | 'use'>;
  /** Undefined: the ledger is off. */
  readonly clientDays?: ReadClientDays | undefined;
  readonly admin: AdminDependencies;
  /** The APIs that are served; default: all of protocols/index.ts. */
  readonly protocols?: readonly ClientProtocol[];
  readonly corsOrigins: readonly string[];
  readonly limits: AnswerLimits;
  readonly connections: ConnectionLimits;
  readonly version: string;
  /** The build of the console: `index.html` and `assets/`. */
  readonly consoleFolder: string;
  /** The documents of the package. */
  readonly docsFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Rejects when accounts cannot be read or stored at the moment. */
  readonly checkStore: () => Promise<void>;
  readonly resolveModel: ResolveModel;
  /** Whether records of replies have their text. */
  readonly recordsText?: boolean;
  /** Told of every request and background response that has ended, after the log. */
  readonly observers?: readonly RequestObserver[];
  /** Absent: there is no `/metrics`. */
  readonly metrics?: MetricsSource;
  /** Absent: requests are not captured. */
  readonly captures?: Pick<CaptureRing, 'begin'> | undefined;
}

/**
 * Who may read the metrics. `loopback`: programs on this machine, others with the admin token. `token`: only with the admin
 * token. `open`: every program that reaches the gateway.
 */
type MetricsAccess = 'loopback' | 'token' | 'open';

export interface MetricsSource {
  readonly access: MetricsAccess;
  page(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface AnswerLimits extends BodyLimits {
  /** A stream is never silent for longer. */
  readonly pingIntervalMs: number;
}

interface OpenRequests {
  readonly requests: number;
  readonly streams: number;
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly port: number;
  /** Where the console and the admin API are: `url`, unless they have a port of their own. */
  readonly adminUrl: string;
  /** Requests whose answer has not ended, and those among them that are being streamed. */
  open(): OpenRequests;
  /** Refuses new requests, gives open replies `timeoutMs` to end, then ends them with an error and closes. */
  close(timeoutMs: number): Promise<void>;
}
