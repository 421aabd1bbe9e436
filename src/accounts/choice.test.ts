import { describe, expect, it } from 'vitest';
import { type AccountRequest, type Chosen, type Contender, choose, type SkippedAccount } from './choice.ts';
import { type AccountState, NEW_ACCOUNT } from './health.ts';
import { type AccountOptions, DEFAULT_OPTIONS } from './options.ts';
import { hash, type StrategyName } from './strategies.ts';

const NOW = 1_000_000;

interface ImportStatus {
  readonly state?: AccountState;
  readonly options?: Partial<AccountOptions>;
  readonly full?: boolean;
  readonly startsInMs?: number;
}

function contender(id: string, { state, options, full = false, startsInMs = 0 }: ImportStatus = {}): Contender {
  const { weight } = { ...DEFAULT_OPTIONS, ...options };
  return {
    ...{ id, idHash: hash(id), weight, inFlight: 0, quotaLeft: undefined, turn: 0 },
    health: state ? { ...NEW_ACCOUNT, state } : NEW_ACCOUNT,
    options: { ...DEFAULT_OPTIONS, ...options },
    hasRoom: () => !full,
    startsInMs: () => startsInMs,
  };
}

function chosenOf(
  contenders: readonly Contender[],
  request: Partial<AccountRequest> = {},
  strategy: StrategyName = 'fill-first',
) {
  const usual: AccountRequest = { conversationId: 'c', random: () => 0, tried: new Set(), maxWaitMs: 30_000 };
  return choose(contenders, strategy, { ...usual, ...request }, NOW);
}

/** The chosen account, and the others with the reason: `b:cooling+5000`. */
function outline({ contender: chosen, skipped }: Chosen<Contender>): string[] {
  const whyNot = ({ accountId, why, untilMs }: SkippedAccount) =>
    `${accountId}:${why}${untilMs === undefined ? '' : `+${untilMs - NOW}`}`;
  return [chosen?.id ?? '–', ...skipped.map(whyNot)];
}

describe('choose', () => {
  const cooling: AccountState = { status: 'cooling', untilMs: NOW + 5_000, reason: 'account_throttled' };
  const exhausted: AccountState = { status: 'exhausted', untilMs: NOW + 9_000, reason: 'quota_exhausted' };
  const over: AccountState = { status: 'cooling', untilMs: NOW, reason: 'account_throttled' };
  const lists = (known: Record<string, boolean>) => (id: string) => known[id];
  const a = contender('a');

  const rows: [string, readonly Contender[], Partial<AccountRequest>, string[]][] = [
    ['there are no accounts', [], {}, ['–']],
    ['all are ready', [a, contender('b')], {}, ['a']],
    [
      'some are not ready',
      [
        contender('1', { state: { status: 'suspended' } }),
        contender('2', { state: { status: 'signed-out' } }),
        contender('3', { state: { status: 'disabled', by: 'operator' } }),
        contender('4', { state: cooling }),
        contender('5', { state: exhausted }),
        contender('6', { state: over }),
      ],
      {},
      ['6', '1:suspended', '2:signed-out', '3:disabled', '4:cooling+5000', '5:exhausted+9000'],
    ],
    ['one has failed this request', [a, contender('b')], { tried: new Set(['a']) }, ['b', 'a:tried']],
    ['one is busy', [contender('a', { full: true }), contender('b')], {}, ['b', 'a:busy']],
    ['one must wait', [contender('a', { startsInMs: 100 }), contender('b')], {}, ['b', 'a:paced+100']],
    [
      'all must wait: the first to start',
      [contender('a', { startsInMs: 200 }), contender('b', { startsInMs: 100 })],
      {},
      ['b', 'a:paced+200'],
    ],
    [
      'all must wait for longer than the request can',
      [contender('a', { startsInMs: 200 })],
      { maxWaitMs: 100 },
      ['–', 'a:paced+200'],
    ],
    [
      'one is in the requested group',
      [a, contender('b', { options: { groups: ['x'] } })],
      { group: 'x' },
      ['b', 'a:group'],
    ],
    ['no group is requested', [contender('b', { options: { groups: ['x'] } })], {}, ['b']],
    [
      'some are of a higher priority',
      [a, contender('b', { options: { priority: 1 } }), contender('c', { options: { priority: 1 } })],
      {},
      ['b', 'a:priority'],
    ],
    [
      'the one of a higher priority is busy',
      [a, contender('b', { options: { priority: 1 }, full: true })],
      {},
      ['a', 'b:busy'],
    ],
    [
      'only some list the model',
      [a, contender('b'), contender('c')],
      { offers: lists({ a: false, b: true }), tried: new Set(['b']) },
      ['c', 'a:model', 'b:tried'],
    ],
    [
      'no account lists the model, so the service decides',
      [a, contender('b')],
      { offers: lists({ a: false, b: false }) },
      ['a'],
    ],
    ['the list of one is unknown', [a, contender('b')], { offers: lists({ a: false }) }, ['b', 'a:model']],
    [
      'those with an unknown list cannot serve now',
      [a, contender('b', { state: cooling }), contender('c')],
      { offers: lists({ a: false }), tried: new Set(['c']) },
      ['a', 'b:cooling+5000', 'c:tried'],
    ],
    [
      'the only one that lists the model is cooling down',
      [a, contender('b', { state: cooling })],
      { offers: lists({ a: false, b: true }) },
      ['–', 'a:model', 'b:cooling+5000'],
    ],
    ['the request takes no slot', [contender('a', { full: true, startsInMs: 99_999 })], { isUnpaced: true }, ['a']],
  ];

  it.each(rows)('%s', (_name, contenders, request, expected) => {
    expect(outline(chosenOf(contenders, request))).toEqual(expected);
  });
});

describe('a conversation', () => {
  const names = ['a', 'b', 'c'];
  const home =
    chosenOf(
      names.map((id) => contender(id)),
      {},
      'sticky',
    ).contender?.id ?? '';
  const withHome = (standing: ImportStatus) => names.map((id) => contender(id, id === home ? standing : {}));

  it('is served by its own account', () => {
    const chosen = chosenOf(withHome({}), {}, 'sticky');
    expect(chosen.contender?.id).toBe(home);
    expect(chosen.homeId).toBeUndefined();
    expect(chosen.candidates).toBe(3);
  });

  it.each<[string, ImportStatus]>([
    ['is cooling down', { state: { status: 'cooling', untilMs: NOW + 1, reason: 'account_throttled' } }],
    ['is busy', { full: true }],
    ['starts only much later', { startsInMs: 1_500 }],
  ])('is served by another account while its own %s, which the choice names', (_name, standing) => {
    const chosen = chosenOf(withHome(standing), {}, 'sticky');
    expect(chosen.contender?.id).not.toBe(home);
    expect(chosen.homeId).toBe(home);
    expect(chosen.candidates).toBe(2);
  });

  it('waits a moment for its own account', () => {
    expect(chosenOf(withHome({ startsInMs: 900 }), {}, 'sticky').contender?.id).toBe(home);
  });

  it('belongs to another account once its own is gone for good', () => {
    const chosen = chosenOf(withHome({ state: { status: 'suspended' } }), {}, 'sticky');
    expect(chosen.contender?.id).not.toBe(home);
    expect(chosen.homeId).toBeUndefined();
  });
});
