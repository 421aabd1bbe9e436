/** Writes the audit trail, and keeps it bounded in time and number. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { AuditChange, AuditEntry, AuditPlace, AuditRecord, AuditStore } from './ports.ts';

export interface AuditTrailOptions {
  readonly store: AuditStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly keptDays: () => number;
}

const MAX_ENTRIES = 100_000;
const PRUNE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MAX_CHANGES = 50;
const MAX_VALUE_CHARS = 500;

export class AuditTrail {
  readonly #options: AuditTrailOptions;
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Never rejects: the change has been made, so an entry that cannot be stored is logged as an error. */
  async record({ actor, action, target, changes }: AuditRecord): Promise<void> {
    const { store, clock, log } = this.#options;
    const atMs = clock.now();
    const entry: AuditEntry = {
      ...{ id: `aud_${randomBytes(9).toString('base64url')}`, atMs, actor, action, target: target?.slice(0, 200) },
      changes: changes.slice(0, MAX_CHANGES).map(boundedChange),
    };
    try {
      await store.add(entry);
      await this.#prune(atMs);
    } catch (cause) {
      log.error({ why: GatewayError.from(cause).details, entry }, 'could not store an entry of the audit trail');
    }
  }

  /** Newest first. Rejects with `storage_unavailable`. */
  list(limit: number, after: AuditPlace | undefined): Promise<readonly AuditEntry[]> {
    return this.#options.store.list(limit, after);
  }

  async #prune(nowMs: number): Promise<void> {
    if (nowMs - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = nowMs;
    await this.#options.store.prune(nowMs - this.#options.keptDays() * DAY_MS, MAX_ENTRIES);
  }
}

function boundedChange({ field, before, after }: AuditChange): AuditChange {
  return { field: field.slice(0, 100), before: boundedValue(before), after: boundedValue(after) };
}

function boundedValue(value: unknown): unknown {
  const json = JSON.stringify(value ?? null);
  return json.length <= MAX_VALUE_CHARS ? (value ?? null) : `${json.slice(0, MAX_VALUE_CHARS)}…`;
}

/** The fields that differ between two views of the same thing; undefined: it does not exist. */
export function changesBetween(before: object | undefined, after: object | undefined): readonly AuditChange[] {
  const [old, current] = [new Map(Object.entries(before ?? {})), new Map(Object.entries(after ?? {}))];
  return [...new Set([...old.keys(), ...current.keys()])].flatMap((field) => {
    const [was, is] = [old.get(field) ?? null, current.get(field) ?? null];
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ field, before: was, after: is }];
  });
}
