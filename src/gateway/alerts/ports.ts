/** Alerts as they are stored, and where they are stored and sent. */
import type { Condition } from './conditions.ts';

export interface Alert extends Condition {
  readonly beganAtMs: number;
  /** undefined while the condition holds. */
  readonly endedAtMs: number | undefined;
}

/** Every method may throw `storage_unavailable`. */
export interface AlertStore {
  /** Those that hold, and the newest of those that have ended; newest first. */
  list(maxEnded: number): Promise<readonly Alert[]>;
  /** False if the alert holds already: of several processes, one gets true. */
  begin(condition: Condition, nowMs: number): Promise<boolean>;
  /** False if the alert does not hold. */
  end(id: string, nowMs: number): Promise<boolean>;
  removeEnded(beforeMs: number): Promise<void>;
  /** True if `holder` may act until `untilMs`: one process at a time may. */
  lead(holder: string, nowMs: number, untilMs: number): Promise<boolean>;
}

export type WebhookShape = 'json' | 'slack' | 'feishu' | 'dingtalk';

export interface Webhook {
  readonly shape: WebhookShape;
  /** May hold a secret: only its host is shown. */
  readonly url: string;
}

/** Posts JSON. Rejects with a reason that does not have the URL. */
export type PostJson = (url: string, json: string) => Promise<{ readonly status: number; readonly text: string }>;
