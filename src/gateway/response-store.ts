/** Where responses are kept: what the gateway needs of a store. A response is opaque here; its protocol wrote it. */
import type { JsonObject } from '../core/json.ts';

export interface StoredResponse {
  readonly id: string;
  /** As its client last got it. */
  readonly response: JsonObject;
  readonly input: readonly JsonObject[];
  readonly previousId: string | undefined;
  /** Everything that was streamed, of a response made in the background. */
  readonly events: string | undefined;
  /** `running`: somebody is making it, and has to say so again before `aliveUntilMs`. */
  readonly state: 'running' | 'ended' | 'cancelled';
  readonly aliveUntilMs: number;
}

export interface ResponseLimits {
  /** Of one client, the most recently used. */
  readonly count: number;
  /** Of one client, sealed. */
  readonly bytes: number;
  /** After its last use. */
  readonly ageMs: number;
}

/** Every method sees the responses of one client alone. Rejects with `storage_unavailable`. */
export interface ResponseStore {
  /** Counts as a use, unless the last one was just before. Undefined for one which is too old, too. */
  find(client: string, id: string, nowMs: number): Promise<StoredResponse | undefined>;
  /** In place of an earlier one of the same id; then what is beyond the limits goes. */
  put(client: string, stored: StoredResponse, nowMs: number): Promise<void>;
  /**
   * In place of the same response in the making; then what is beyond the limits goes. False, and nothing is written,
   * when it is not in the making any more: it was deleted, called off or ended meanwhile.
   */
  end(client: string, stored: StoredResponse, nowMs: number): Promise<boolean>;
  remove(client: string, id: string): Promise<boolean>;
  /** Says that it is still being made, and hears whether it still should be. */
  keepAlive(client: string, id: string, untilMs: number): Promise<'running' | 'stopped'>;
}
