/** Text that people choose to name accounts and keys, and text from elsewhere that is shown on one line. */
import { GatewayError } from './errors.ts';

export const MAX_LABEL_CHARS = 100;

/** Returns the trimmed label. Throws `invalid_request` about the field `param`; `what`: "A key's name". */
export function checkedLabel(label: string, what: string, param: string): string {
  const trimmed = label.trim();
  if (trimmed !== '' && trimmed.length <= MAX_LABEL_CHARS && !/\p{Cc}/u.test(trimmed)) return trimmed;
  const message = `${what} must be 1 to ${MAX_LABEL_CHARS} characters on one line.`;
  throw new GatewayError('invalid_request', message, { param });
}

/** With white space and control characters collapsed; undefined if nothing is left. At most four times `maxChars`. */
export function oneLine(text: string, maxChars: number): string | undefined {
  // Cut first, so that collapsing white space never walks through megabytes.
  const line = text
    .slice(0, 4 * maxChars)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line === '' ? undefined : line;
}
