/** The store of responses that the gateway needs. The content of a response is opaque here: its protocol wrote it. */
import type { JsonObject } from '../core/json.ts';

export interface StoredResponse {
  readonly id: string;
  /** In the state in which the client last received it. */
  readonly response: JsonObject;
  readonly input: readonly JsonObject[];
  readonly previousId: string | undefined;
  /** All server-sent events of a background response that was streamed. */
  readonly events: string | undefined;
  /** `running`: a process is producing it and renews `aliveUntilMs` before that time. */
  readonly state: 'running' | 'ended' | 'cancelled';
  readonly aliveUntilMs: number;
}

/** What exceeds them may be kept until a sixteenth more has been written. */
export interface ResponseLimits {
  /** Responses per client; the most recently used are kept. */
  readonly count: number;
  /** Total size per client, encrypted. */
  readonly bytes: number;
  /** Time since the last use. */
  readonly ageMs: number;
}

/** Each method sees the responses of one client only. Rejects with `storage_unavailable`. */
export interface ResponseStore {
  /** Counts as a use, unless the last one was a moment ago. Also undefined if the response is too old. */
  find(client: string, id: string, nowMs: number): Promise<StoredResponse | undefined>;
  /** Counts as a use of these responses, like `find`. Returns false if one of them is missing or too old. */
  useAll(client: string, ids: readonly string[], nowMs: number): Promise<boolean>;
  /** Replaces an earlier response of the same id, then deletes what exceeds the limits. */
  put(client: string, stored: StoredResponse, nowMs: number): Promise<void>;
  /**
   * Replaces the running response of the same id, then deletes what exceeds the limits. Returns false and writes nothing
   * if it is no longer running: it was deleted or cancelled, or has ended.
   */
  replaceRunning(client: string, stored: StoredResponse, nowMs: number): Promise<boolean>;
  remove(client: string, id: string): Promise<boolean>;
  /** Extends `aliveUntilMs`. Returns `stopped` if the response was cancelled or deleted. */
  keepAlive(client: string, id: string, untilMs: number): Promise<'running' | 'stopped'>;
}
