/** The fields of the form for a key, as text, and what they say to the admin API. */
import type { KeyPatchBody } from '../../../../src/http/admin/contract/key.ts';
import type { ClientKey } from '../../api/client-keys.ts';
import { toLocalInput } from '../../components/local-input.ts';
import type { LimitName } from './limits.ts';

/** Days, or `never`, or `custom` with a date of its own. */
export type Expiry = 'never' | '30' | '90' | '365' | 'custom';

export const EXPIRIES: readonly Expiry[] = ['never', '30', '90', '365', 'custom'];

export interface KeyFields extends Record<LimitName, number | ''> {
  readonly name: string;
  readonly owner: string;
  readonly note: string;
  readonly expiry: Expiry;
  /** Local time, as a field of type `datetime-local` has it. */
  readonly expiresAt: string;
  readonly models: readonly string[];
  readonly group: string;
}

const DAY_MS = 86_400_000;

export function fieldsOf(key: ClientKey | undefined): KeyFields {
  return {
    name: key?.name ?? '',
    owner: key?.owner ?? '',
    note: key?.note ?? '',
    expiry: key?.expiresAt ? 'custom' : 'never',
    expiresAt: toLocalInput(key?.expiresAt ? Date.parse(key.expiresAt) : Date.now() + 30 * DAY_MS),
    models: key?.models ?? [],
    group: key?.group ?? '',
    requestsPerMinute: key?.requestsPerMinute ?? '',
    concurrency: key?.concurrency ?? '',
    tokensPerMinute: key?.tokensPerMinute ?? '',
    creditsPerDay: key?.creditsPerDay ?? '',
    creditsPerMonth: key?.creditsPerMonth ?? '',
  };
}

/** Empty fields become null: they clear what was set. */
export function bodyOf(fields: KeyFields, nowMs: number): KeyPatchBody & { readonly name: string } {
  return {
    name: fields.name.trim(),
    owner: textOrNull(fields.owner),
    note: textOrNull(fields.note),
    expiresAt: expiresAtOf(fields, nowMs),
    models: fields.models.length === 0 ? null : [...fields.models],
    group: textOrNull(fields.group),
    requestsPerMinute: numberOrNull(fields.requestsPerMinute),
    concurrency: numberOrNull(fields.concurrency),
    tokensPerMinute: numberOrNull(fields.tokensPerMinute),
    creditsPerDay: numberOrNull(fields.creditsPerDay),
    creditsPerMonth: numberOrNull(fields.creditsPerMonth),
  };
}

function textOrNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

function numberOrNull(value: number | ''): number | null {
  return value === '' ? null : value;
}

function expiresAtOf({ expiry, expiresAt }: KeyFields, nowMs: number): string | null {
  if (expiry === 'never') return null;
  if (expiry !== 'custom') return new Date(nowMs + Number(expiry) * DAY_MS).toISOString();
  const timeMs = Date.parse(expiresAt);
  return Number.isNaN(timeMs) ? null : new Date(timeMs).toISOString();
}
