/** Fields of a body that a route does not have: left out and reported, never refused and never quoted. */

const MAX_REPORTED = 20;
const MAX_NAME_CHARS = 100;

/** An Adjustment by the rule of docs/adjustments.md. */
export interface IgnoredField {
  readonly rule: 'field-ignored';
  readonly path: string;
}

/** Every key outside `known`, by name alone: the value of a misspelt field may be a secret. */
export function ignoredFields(body: object, known: Readonly<Record<string, unknown>>): readonly IgnoredField[] {
  return Object.keys(body)
    .filter((key) => !Object.hasOwn(known, key))
    .slice(0, MAX_REPORTED)
    .map((key) => ({ rule: 'field-ignored', path: key.slice(0, MAX_NAME_CHARS) }));
}
