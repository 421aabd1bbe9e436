import { describe, expect, it } from 'vitest';
import {
  formatAmount,
  formatCountdown,
  formatCredits,
  formatDuration,
  formatMoment,
  formatRelative,
  formatShare,
  formatTokens,
} from './numbers.ts';

describe('figures', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1k'],
    [12_410, '12.4k'],
    [123_456, '123k'],
    [1_200_000, '1.2M'],
    [3_400_000_000, '3.4B'],
  ])('writes %i tokens as %s', (value, text) => expect(formatTokens(value)).toBe(text));

  it.each([
    [0, '0.00'],
    [612, '612.00'],
    [0.042, '0.04'],
    [0.0042, '0.0042'],
  ])('writes %d credits as %s', (value, text) => expect(formatCredits(value, 'en')).toBe(text));

  it.each([
    [1_284, '1,284'],
    [0.5, '0.5'],
    [0.001, '0.001'],
  ])('writes a limit of %d as %s', (value, text) => expect(formatAmount(value, 'en')).toBe(text));

  it.each([
    [0.006, '0.6 %'],
    [0.25, '25 %'],
    [0, '0 %'],
  ])('writes a share of %d as %s', (value, text) => expect(formatShare(value, 'en')).toBe(text));
});

describe('times', () => {
  it.each([
    [820, '820 ms'],
    [4_200, '4.2 s'],
    [185_000, '3 min 5 s'],
    [119_700, '2 min 0 s'],
    [3_599_800, '1 h 0 min'],
    [7_260_000, '2 h 1 min'],
  ])('writes a duration of %i ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [-5_000, 'now'],
    [-300_000, '5 min. ago'],
    [7_200_000, 'in 2 hr.'],
    [-86_400_000, 'yesterday'],
  ])('writes a distance of %i ms as %s', (ms, text) => expect(formatRelative(1e12 + ms, 1e12, 'en')).toBe(text));

  it('writes them in Chinese', () => {
    expect(formatRelative(1e12 - 300_000, 1e12, 'zh-CN')).toBe('5分钟前');
  });

  it('counts down in minutes and seconds, never below zero', () => {
    expect([formatCountdown(185_000), formatCountdown(-4)]).toEqual(['3:05', '0:00']);
  });

  it('adds the day to a moment of another day', () => {
    const noon = new Date(2026, 10, 29, 12).getTime();
    expect(formatMoment(noon + 3_600_000, noon, 'en')).toBe('13:00');
    expect(formatMoment(noon + 86_400_000, noon, 'en')).toContain('Nov 30');
  });
});
