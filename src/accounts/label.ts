/** Validates the name that an owner gives to an account. */
import { GatewayError } from '../core/errors.ts';

const MAX_LABEL_CHARS = 100;

/** Returns the trimmed label. Throws `invalid_request`. */
export function checkedLabel(label: string): string {
  const trimmed = label.trim();
  if (trimmed !== '' && trimmed.length <= MAX_LABEL_CHARS && !/\p{Cc}/u.test(trimmed)) return trimmed;
  const message = `A label must be 1 to ${MAX_LABEL_CHARS} characters on one line.`;
  throw new GatewayError('invalid_request', message, { param: 'label' });
}
