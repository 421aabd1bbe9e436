import { describe, expect, it } from 'vitest';
import { ledgerRow } from '../../../test/support/ledger-rows.ts';
import { GroupNames } from './group-names.ts';
import type { LedgerGroup } from './ledger-store.ts';

const { group } = ledgerRow('req_1', 0);
const named = (model: string | null, client = 'codex'): LedgerGroup => ({ ...group, model, client });

describe('the names of groups', () => {
  it('are kept up to a limit of each kind, then become `other`', () => {
    const names = new GroupNames({ groups: 100, names: 2 });
    for (const model of ['a', 'b', 'a']) expect(names.bounded(named(model)).model).toBe(model);
    expect(names.bounded(named('c'))).toEqual(named('other'));
    expect(names.bounded(named('b', 'cursor'))).toEqual(named('b', 'cursor'));
    expect(names.bounded(named(null, 'x'))).toEqual(named(null, 'other'));
    expect(names.bounded(named('a'))).toEqual(named('a'));
    expect(names.bounded(named('a'))).toBe(names.bounded(named('a')));
  });

  it('are bounded in their combinations, however many names clients invent', () => {
    const names = new GroupNames({ groups: 3, names: 3 });
    const keys = new Set<string>();
    for (let index = 0; index < 1_000; index++)
      keys.add(JSON.stringify(names.bounded(named(`model-${index % 40}`, `client-${index % 37}`))));
    // Those within the limit, and the one for the rest.
    expect(keys.size).toBe(4);
  });

  it('count those of earlier processes, and keep them', () => {
    const names = new GroupNames({ groups: 100, names: 2 });
    names.learn([named('a'), named('b')]);
    expect(names.bounded(named('b'))).toEqual(named('b'));
    expect(names.bounded(named('c'))).toEqual(named('other'));
  });
});
