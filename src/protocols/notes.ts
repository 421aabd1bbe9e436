/** The adjustments that parsing can make, with their meaning. */
import { type Adjustment, adjustment } from '../core/adjustments.ts';

export const PARSING_RULES = {
  'billing-header-dropped': 'The vendor’s billing block, different in every request, was removed from the system text.',
  'block-as-text':
    'A content block of a kind that the service does not support, or the JSON of a tool result, was sent as text.',
  'block-ignored': 'A content block without text, of a kind that the service does not support, was removed.',
  'choices-emulated': 'The service returns one reply per request, so each choice was a separate request.',
  'compaction-emulated': 'The service has no compaction, so the model was asked for the summary.',
  'custom-tool-as-function':
    'A free-text tool was sent as a function with one string; its calls are returned in the declared form.',
  'empty-stop-ignored': 'An empty stop sequence, which matches everywhere, was removed.',
  'field-ignored': 'An unknown field was ignored.',
  'namespace-flattened':
    'The tools of a namespace were sent under one combined name each; their calls are returned with a separate namespace.',
  'other-dialect': 'A part of the request is in the format of another API and was read as such.',
  'parameter-ignored': 'The option had no effect: the service does not support it, or another option overrides it.',
  'server-tool-dropped': 'A tool that only the vendor’s own servers can run was not offered to the model.',
  'role-unknown': 'A message with an unknown or missing role was read as a user message.',
  'system-as-user': 'The request has instructions only, so they were sent as the user message.',
  'system-message-cleared': 'A system message for earlier turns only was removed.',
  'tool-call-repeated': 'A message contains the same tool call in two forms; it was sent once.',
  'tool-call-unnamed': 'A tool call in the history has no name; it was sent under a neutral one.',
  'tool-choice-dropped': 'None of the tools that the tool choice allows is offered, so the model chooses freely.',
  'tool-deferred': 'A deferred tool was not offered, because no search has found it yet.',
  'tool-ignored': 'A tool of a kind that no client can run was not offered to the model.',
  'tool-removed': 'A tool that the conversation removes later was not offered.',
  'tool-repeated': 'A tool was declared more than once; only the first declaration was offered.',
  'tools-restricted': 'Only the tools that the tool choice allows were offered.',
  'typed-tool-schema': 'A tool of a vendor kind has no schema in the request; it was sent with the published one.',
} as const satisfies Record<string, string>;

type ParsingRule = keyof typeof PARSING_RULES;

/** Collects adjustments. A field ignored in many places becomes one note with a count. */
export class Notes {
  readonly #adjustments: Adjustment[] = [];
  // Created when needed: most requests have neither.
  #ignored: Counts | undefined;
  #dialects: Counts | undefined;

  add(rule: ParsingRule, path: string, before?: string, after?: string): void {
    this.#adjustments.push(adjustment(rule, path, before, after));
  }

  /**
   * Notes every non-empty key of `object` outside `known`. `kind`: the kind of object, under which keys are counted.
   */
  addUnknown(object: object, known: ReadonlySet<string>, kind: string, at: string): void {
    for (const key in object) {
      if (known.has(key) || isNothing(Reflect.get(object, key))) continue;
      this.#ignored ??= new Map();
      count(this.#ignored, `${kind}.${key}`, at === '' ? key : `${at}.${key}`);
    }
  }

  /** `shape`: the dialect and the element in it, such as `anthropic tool_use`. */
  addDialect(shape: string, path: string): void {
    this.#dialects ??= new Map();
    count(this.#dialects, shape, path);
  }

  get adjustments(): readonly Adjustment[] {
    if (!this.#ignored && !this.#dialects) return this.#adjustments;
    const ignored = [...(this.#ignored ?? [])].map(([, { path, count }]) =>
      adjustment('field-ignored' satisfies ParsingRule, path, count > 1 ? `${count} times` : undefined),
    );
    const dialects = [...(this.#dialects ?? [])].map(([shape, { path, count }]) =>
      adjustment('other-dialect' satisfies ParsingRule, path, shape, count > 1 ? `${count} times` : undefined),
    );
    return [...this.#adjustments, ...dialects, ...ignored];
  }
}

/** By kind: the first place, and in how many there is one. */
type Counts = Map<string, { readonly path: string; count: number }>;

function count(counts: Counts, kind: string, path: string): void {
  const entry = counts.get(kind);
  if (entry) entry.count += 1;
  else counts.set(kind, { path, count: 1 });
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
