import { expect, it } from 'vitest';
import { toDay } from './hours.ts';

const NOW_MS = Date.UTC(2026, 10, 29, 14, 20);

it('shows 24 hours that end with the current one, also those without requests', () => {
  const recorded = [
    { from: '2026-11-29T13:00:00.000Z', requests: 3, errors: 0 },
    { from: '2026-11-29T14:00:00.000Z', requests: 7, errors: 2 },
  ];
  const hours = toDay(recorded, NOW_MS);
  expect(hours).toHaveLength(24);
  expect(hours.at(-1)).toEqual({ fromMs: Date.UTC(2026, 10, 29, 14), requests: 7, errors: 2 });
  expect(hours.at(-2)).toMatchObject({ requests: 3, errors: 0 });
  expect(hours[0]).toEqual({ fromMs: Date.UTC(2026, 10, 28, 15), requests: 0, errors: 0 });
  expect(toDay([], NOW_MS).every(({ requests }) => requests === 0)).toBe(true);
});
