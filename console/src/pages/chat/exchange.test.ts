import { expect, it } from 'vitest';
import { parseRoute } from './exchange.ts';

it('reads the route of an answer from its header', () => {
  const header =
    'account="a1", model="m", profile="q-rest", attempt=2, strategy=sticky, candidates=3, home="a2", waited=1200, passed=("a2";why=cooling;for=28 "a3";why=suspended), more=4';
  expect(parseRoute(header)).toMatchObject({
    account: 'a1',
    model: 'm',
    profile: 'q-rest',
    attempt: '2',
    strategy: 'sticky',
    waited: '1200',
    skipped: ['a2 (cooling, 28 s)', 'a3 (suspended)'],
  });
});
