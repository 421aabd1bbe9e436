/** What importing a finding would mean beside the accounts which are there already. */

import { isConsumed } from '../consumed-tokens.ts';
import { DISABLED_ACCOUNT, NEW_ACCOUNT } from '../health.ts';
import type { Account, NewAccount } from '../ports.ts';
import { isInEveryRun } from '../sources.ts';
import type { Finding } from './finding.ts';
import { ImportProblem } from './problem.ts';
import { identityOf } from './secrets.ts';

export type ImportStatus =
  /** `replaced`: an account from the same place, which has been signed in anew since. */
  | { readonly type: 'new'; readonly account: NewAccount; readonly replaced: Account | undefined }
  /** This credential is that account's already, or one which that account has rotated away. */
  | { readonly type: 'known'; readonly account: Account }
  | { readonly type: 'unusable'; readonly problem: ImportProblem };

export function standingOf(finding: Finding, stored: readonly Account[]): ImportStatus {
  const { outcome, id, label, source } = finding;
  if (outcome.type === 'problem') return { type: 'unusable', problem: outcome.problem };
  const { secrets, options, proxy } = outcome;
  const holder = stored.find((account) => holds(account, finding));
  if (holder && isInEveryRun(holder.source)) return { type: 'known', account: holder };
  const settings = { ...(options && { options }), ...(proxy !== undefined && { proxy }) };
  // So far it takes part only while the settings name it; what became of its credential meanwhile stays.
  if (holder) return { type: 'new', account: { ...holder, ...settings, source }, replaced: undefined };
  const replaced = stored.find((account) => account.id === id);
  if (replaced && finding.origin === 'export') return { type: 'unusable', problem: taken(id) };
  const name = replaced?.label ?? label;
  const health = finding.enabled === false ? DISABLED_ACCOUNT : NEW_ACCOUNT;
  return { type: 'new', account: { id, label: name, source, health, ...secrets, ...settings }, replaced };
}

function holds(account: Account, { outcome }: Finding): boolean {
  if (outcome.type === 'problem') return false;
  const { credential } = outcome.secrets;
  return identityOf(account.credential) === identityOf(credential) || isConsumed(account, credential);
}

function taken(id: string): ImportProblem {
  const message = `There is an account ${id} already, with another credential. Remove it first, if this one is meant.`;
  return new ImportProblem('duplicate', message);
}
