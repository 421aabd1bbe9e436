/** Records the changes of commands in the audit trail. */
import { hostname, userInfo } from 'node:os';
import type { Account } from '../accounts/ports.ts';
import type { AuditAction, AuditActor, AuditRecord } from '../gateway/audit/ports.ts';
import { AuditTrail, changesBetween } from '../gateway/audit/trail.ts';
import type { StoredKey } from '../gateway/stored-keys.ts';
import { auditedAccount, auditedKey } from '../http/admin/audited-view.ts';
import type { Store } from '../storage/open.ts';
import { systemClock } from '../transport/clock.ts';

/** Of an opened gateway. */
interface Recording {
  record(change: Omit<AuditRecord, 'actor'>): Promise<void>;
}

/** `before` or `after` is undefined for an account that is added or removed. */
export function recordAccount(
  { record }: Recording,
  action: AuditAction,
  before: Account | undefined,
  after: Account | undefined,
): Promise<void> {
  const view = (account: Account | undefined) => account && auditedAccount(account, systemClock.now());
  return record({ action, target: (after ?? before)?.id, changes: changesBetween(view(before), view(after)) });
}

/** `before` or `after` is undefined for a key that is created or deleted. */
export function recordKey(
  { record }: Recording,
  action: AuditAction,
  before: StoredKey | undefined,
  after: StoredKey | undefined,
): Promise<void> {
  const view = (key: StoredKey | undefined) => key && auditedKey(key, systemClock.now());
  return record({ action, target: (after ?? before)?.id, changes: changesBetween(view(before), view(after)) });
}

/** Of a command that runs on this machine. */
export function commandRecorder(
  { audit: store }: Pick<Store, 'audit'>,
  options: Pick<ConstructorParameters<typeof AuditTrail>[0], 'log' | 'keptDays'>,
): (change: Omit<AuditRecord, 'actor'>) => Promise<void> {
  const trail = new AuditTrail({ ...options, store, clock: systemClock });
  return (change) => trail.record({ ...change, actor: thisCommand() });
}

function thisCommand(): AuditActor {
  return { type: 'command', user: userName(), machine: hostname() };
}

/** A container may run under a number without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
