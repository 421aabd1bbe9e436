/** One repair made to a request, or one wish of the client which cannot be honoured. No repair is silent. */
export interface Adjustment {
  /** Kebab-case id of the rule, stable: `tool-name-alias`, `field-ignored`. Listed in docs/adjustments.md. */
  readonly rule: string;
  /** Path in the client's request: `messages[3].content[1]`. */
  readonly path: string;
  /** Short and free of secrets: a name, a count, a type; never the user's text. */
  readonly before?: string;
  readonly after?: string;
}

export function adjustment(rule: string, path: string, before?: string, after?: string): Adjustment {
  return { rule, path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
