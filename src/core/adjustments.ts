/** A change made to a request, or an option that cannot be honoured. Every change is reported as an adjustment. */
export interface Adjustment {
  /** Stable kebab-case id of the rule, such as `tool-name-alias`. Listed in docs/adjustments.md. */
  readonly rule: string;
  /** Path in the client's request: `messages[3].content[1]`. */
  readonly path: string;
  /** Short and free of secrets: a name, a count, a type; never the user's text. */
  readonly before?: string;
  readonly after?: string;
}

export function adjustment(rule: string, path: string, before?: string, after?: string): Adjustment {
  if (before === undefined) return after === undefined ? { rule, path } : { rule, path, after };
  return after === undefined ? { rule, path, before } : { rule, path, before, after };
}
