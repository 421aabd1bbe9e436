/** Redacts secrets in the log by field names, by the shape of values, and by the configured secrets. */
import { withoutPasswords } from '../core/userinfo.ts';

const COVER = '••••';
const SECRET_NAME = /(?:token|secret|password|passwd|authorization|cookie|credential|api[-_]?key)$/i;

/** Bearer headers, AWS SSO tokens, Kiro API keys, JWTs. */
const SECRET_SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer\s+)[\w.~+/=:-]{8,}/gi, `$1${COVER}`],
  [/\bao[ar][A-Za-z0-9][\w+/=:-]{16,}/g, COVER],
  [/\bksk_[\w-]{8,}/g, COVER],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, COVER],
  [/([?&](?:ssl)?password=)[^&\s"']+/gi, `$1${COVER}`],
  [/\b((?:access|refresh|id|client)_?(?:token|secret)["']?\s*[:=]\s*["']?)[^\s"',&}]{4,}/gi, `$1${COVER}`],
];

/** Matches whenever any shape above does. Most log texts do not match, and one test is cheaper than five replacements. */
const MAY_HOLD_SECRET = /bearer|ao[ar]|ksk_|eyj|:\/\/|token|secret/i;

const MAX_DEPTH = 6;
const MAX_ITEMS = 50;
const MAX_TEXT = 4_096;

export interface Redactor {
  text(value: string): string;
  fields(value: object): object;
}

/** `secrets`: the configured ones. Those under 8 characters are ignored, because they could match ordinary words. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = secrets.filter((secret) => secret.length >= 8);

  function text(value: string): string {
    let covered = value.slice(0, MAX_TEXT);
    for (const secret of known) covered = covered.replaceAll(secret, COVER);
    if (!MAY_HOLD_SECRET.test(covered)) return covered;
    covered = withoutPasswords(covered);
    for (const [shape, replacement] of SECRET_SHAPES) covered = covered.replaceAll(shape, replacement);
    return covered;
  }

  function value(name: string, raw: unknown, depth: number): unknown {
    if (typeof raw === 'string') return SECRET_NAME.test(name) && raw !== '' ? COVER : text(raw);
    if (typeof raw !== 'object' || raw === null) return raw;
    if (depth >= MAX_DEPTH) return '…';
    if (raw instanceof Error) return errorFields(raw, depth);
    if (Array.isArray(raw)) return raw.slice(0, MAX_ITEMS).map((item) => value(name, item, depth + 1));
    return record(raw, depth);
  }

  function record(raw: object, depth: number): object {
    const entries = Object.entries(raw).slice(0, MAX_ITEMS);
    return Object.fromEntries(entries.map(([name, item]) => [name, value(name, item, depth + 1)]));
  }

  function errorFields(error: Error, depth: number): object {
    return {
      type: error.name,
      message: text(error.message),
      stack: text(error.stack ?? ''),
      ...record(error, depth),
      ...(error.cause === undefined ? {} : { cause: value('cause', error.cause, depth + 1) }),
    };
  }

  return { text, fields: (raw) => record(raw, 0) };
}
