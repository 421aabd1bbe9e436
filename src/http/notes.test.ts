import { describe, expect, it } from 'vitest';
import type { Choice } from '../accounts/choice.ts';
import type { Route } from '../gateway/ports.ts';
import { routeHeader } from './notes.ts';

const ROUTE: Route = {
  accountId: 'a1',
  modelId: 'claude-sonnet-4.5',
  conversationId: 'never shown',
  wireProfile: 'q-rest',
  attempt: 2,
  upstreamRequestId: 'up-1',
};
const CHOICE: Choice = {
  strategy: 'sticky',
  atMs: 1_000,
  candidates: 3,
  skipped: [],
  skippedCount: 0,
  waitedMs: 0,
};
const BEGINNING = 'account="a1", model="claude-sonnet-4.5", profile="q-rest", attempt=2';

describe('x-dragoman-route', () => {
  it.each<[string, Choice | undefined, string]>([
    ['only the route if no account was chosen', undefined, ''],
    ['the strategy and the number of candidates', CHOICE, ', strategy=sticky, candidates=3'],
    [
      'the skipped accounts, why, and for how many more seconds',
      {
        ...CHOICE,
        skipped: [
          { accountId: 'a2', why: 'cooling', untilMs: 28_500 },
          { accountId: 'a"3', why: 'suspended' },
        ],
        skippedCount: 2,
      },
      ', strategy=sticky, candidates=3, passed=("a2";why=cooling;for=28 "a_3";why=suspended)',
    ],
    [
      'the account of the conversation, and how long the request waited',
      { ...CHOICE, homeId: 'a2', waitedMs: 1_200.4 },
      ', strategy=sticky, candidates=3, home="a2", waited=1200',
    ],
  ])('reports %s', (_name, choice, ending) => {
    expect(routeHeader({ ...ROUTE, choice })).toBe(BEGINNING + ending);
  });

  it('counts the accounts that it does not list', () => {
    const skipped = [{ accountId: 'a2', why: 'busy' as const }];
    const header = routeHeader({ ...ROUTE, choice: { ...CHOICE, skipped, skippedCount: 491 } });
    expect(header).toBe(`${BEGINNING}, strategy=sticky, candidates=3, passed=("a2";why=busy), more=490`);
  });
});
