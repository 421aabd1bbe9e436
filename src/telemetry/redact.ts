/** Redacts secrets in the log by field names, by the shape of values, and by the configured secrets. */
import { withoutPasswords } from '../core/userinfo.ts';

export const COVER = '••••';
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

/** Matches whenever any shape above does. Most log texts do not match, and one test is cheaper than seven replacements. */
const MAY_HOLD_SECRET = /bearer|ao[ar]|ksk_|eyj|:\/\/|password=|token|secret/i;

const MAX_TEXT = 4_096;

export type RedactText = (text: string) => string;

export function hasSecretName(field: string): boolean {
  return SECRET_NAME.test(field);
}

/** `secrets`: the configured ones. Those under 8 characters are ignored, because they could match ordinary words. */
export function createRedactor(secrets: readonly string[]): RedactText {
  // Longest first: a secret that contains another one is covered whole.
  const known = secrets.filter((secret) => secret.length >= 8).sort((a, b) => b.length - a.length);

  return (text) => {
    let covered = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text;
    for (const secret of known) if (secret.length <= covered.length) covered = covered.replaceAll(secret, COVER);
    if (!MAY_HOLD_SECRET.test(covered)) return covered;
    covered = withoutPasswords(covered);
    for (const [shape, replacement] of SECRET_SHAPES) covered = covered.replaceAll(shape, replacement);
    return covered;
  };
}
