/** Compares a finding with the stored accounts: new, known or unusable. */

import { isConsumed } from '../consumed-tokens.ts';
import { DISABLED_ACCOUNT, NEW_ACCOUNT } from '../health.ts';
import type { Account, NewAccount } from '../ports.ts';
import { isInEveryRun } from '../sources.ts';
import type { Finding } from './finding.ts';
import { ImportProblem } from './problem.ts';
import { identityOf } from './secrets.ts';

export type ImportStatus =
  /** `replaced`: an account imported earlier from the same place, which now holds a newer sign-in. */
  | { readonly type: 'new'; readonly account: NewAccount; readonly replaced: Account | undefined }
  /** The account already has this credential, or had it before a rotation. */
  | { readonly type: 'known'; readonly account: Account }
  | { readonly type: 'unusable'; readonly problem: ImportProblem };

export function importStatusOf(finding: Finding, stored: readonly Account[]): ImportStatus {
  const { outcome, id, label, source } = finding;
  if (outcome.type === 'problem') return { type: 'unusable', problem: outcome.problem };
  const { secrets, options, proxy } = outcome;
  const holder = stored.find((account) => holds(account, finding));
  if (holder && isInEveryRun(holder.source)) return { type: 'known', account: holder };
  const settings = { ...(options && { options }), ...(proxy !== undefined && { proxy }) };
  // The account has come from the settings so far; keep its credential, which may have been rotated.
  if (holder) return { type: 'new', account: { ...holder, ...settings, source }, replaced: undefined };
  const replaced = stored.find((account) => account.id === id);
  if (replaced && finding.origin === 'export') return { type: 'unusable', problem: idInUse(id) };
  const name = replaced?.label ?? label;
  const health = finding.enabled === false ? DISABLED_ACCOUNT : NEW_ACCOUNT;
  return { type: 'new', account: { id, label: name, source, health, ...secrets, ...settings }, replaced };
}

function holds(account: Account, { outcome }: Finding): boolean {
  if (outcome.type === 'problem') return false;
  const { credential } = outcome.secrets;
  return identityOf(account.credential) === identityOf(credential) || isConsumed(account, credential);
}

function idInUse(id: string): ImportProblem {
  const message = `An account ${id} with another credential already exists. To import this one, remove that account first.`;
  return new ImportProblem('duplicate', message);
}
