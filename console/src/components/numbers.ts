/** How figures, durations and times are written, in the reader's language and time zone. */
import { currentLanguage } from '../texts/languages.ts';

/** `1,284` */
export function formatCount(value: number, language: string = currentLanguage()): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
}

/** `1,284`, `0.5`: with the decimals that a person has entered. */
export function formatAmount(value: number, language: string = currentLanguage()): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 6 }).format(value);
}

/** `12.4k`, `1.2M`; below a thousand as it is. The same letters in every language, as vendors write tokens. */
export function formatTokens(value: number): string {
  for (const [unit, size] of UNITS) if (Math.abs(value) >= size) return `${trimmed(value / size)}${unit}`;
  return String(Math.round(value));
}

const UNITS = [
  ['B', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const;

function trimmed(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '');
}

/** Two decimals; four for what is below a hundredth, so that a small cost is not shown as nothing. */
export function formatCredits(value: number, language: string = currentLanguage()): string {
  const digits = value !== 0 && Math.abs(value) < 0.01 ? 4 : 2;
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    value,
  );
}

/** `0.6 %`. */
export function formatShare(share: number, language: string = currentLanguage()): string {
  const digits = share > 0 && share < 0.1 ? 1 : 0;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(share * 100)} %`;
}

/** `820 ms`, `4.2 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${minutes} min ${seconds % 60} s`;
}

/** `3:05`, for a countdown. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** `Nov 29, 2026, 16:40:33` */
export function formatTime(time: string | number, language: string = currentLanguage()): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(time));
}

/** `Nov 29` */
export function formatDay(time: string | number, language: string = currentLanguage()): string {
  return new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' }).format(new Date(time));
}

/** `14:20` today, `Nov 30, 14:20` otherwise. */
export function formatMoment(time: string | number, nowMs: number, language: string = currentLanguage()): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date(nowMs).toDateString();
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(isToday ? {} : { month: 'short', day: 'numeric' }),
  }).format(date);
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** `5 minutes ago`, `in 2 hours`. Under ten seconds: "now", in the reader's language. */
export function formatRelative(timeMs: number, nowMs: number, language: string = currentLanguage()): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  const distance = timeMs - nowMs;
  if (Math.abs(distance) < 10_000) return format.format(0, 'second');
  const [unit, size] = STEPS.find(([, length]) => Math.abs(distance) >= length) ?? ['second', 1_000];
  return format.format(Math.round(distance / size), unit);
}
