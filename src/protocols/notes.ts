/** What parsing changed or could not honour, each kind with its meaning. */
import { type Adjustment, adjustment } from '../core/adjustments.ts';

export const PARSING_RULES = {
  'billing-header-dropped':
    'A block for the vendor’s own billing, different in every request, was left out of the system text.',
  'block-as-text':
    'A content block of a kind the service does not have, or the JSON of a tool’s result, became readable text.',
  'block-ignored': 'A content block without readable words, of a kind the service does not have, was left out.',
  'choices-emulated': 'The service gives one answer to a request; each choice was a request of its own.',
  'compaction-emulated': 'The model was asked for the summary which a compaction consists of; the service has none.',
  'custom-tool-as-function':
    'A free-text tool is offered as a function with one string; its calls come back as it was declared.',
  'empty-stop-ignored': 'An empty stop sequence matches everywhere and was left out.',
  'field-ignored': 'A field nobody here knows was accepted and left out.',
  'namespace-flattened':
    'Tools of a namespace are offered under one name each; their calls come back with the namespace apart.',
  'other-dialect': 'A part of the request is in the form of another API and was read by that API’s meaning.',
  'parameter-ignored':
    'The service has no such control, or another option of the request overrides it; it had no effect.',
  'server-tool-dropped': 'A tool which only the vendor’s own servers can run was not offered to the model.',
  'role-unknown': 'A message with an unknown role, or without one, was read as the user’s.',
  'system-as-user': 'There were instructions and nothing else; they were asked as the user’s message.',
  'system-message-cleared': 'A system message was meant for earlier turns only and was left out.',
  'tool-call-repeated': 'A message contains the same tool call in two forms; it was sent once.',
  'tool-call-unnamed': 'A tool call in the history has no name; it was sent under a neutral one.',
  'tool-choice-dropped': 'Everything the tool choice allowed had been left out; the model chooses freely.',
  'tool-deferred': 'A tool is to be offered only once it has been searched for, and has not been.',
  'tool-ignored': 'A tool of a kind which no client can run was not offered to the model.',
  'tool-removed': 'A tool was taken back later in the conversation and is not offered.',
  'tool-repeated': 'A tool was declared more than once; the first declaration is the one offered.',
  'tools-restricted': 'Only the tools which the tool choice allows are offered.',
  'typed-tool-schema': 'A tool of the vendor’s own kind has no schema in the request; it got the published one.',
} as const satisfies Record<string, string>;

type ParsingRule = keyof typeof PARSING_RULES;

/** One field ignored in forty places is one note with a count. */
export class Notes {
  readonly #adjustments: Adjustment[] = [];
  readonly #ignored = new Map<string, { readonly path: string; count: number }>();
  readonly #dialects = new Map<string, { readonly path: string; count: number }>();

  add(rule: ParsingRule, path: string, before?: string, after?: string): void {
    this.#adjustments.push(adjustment(rule, path, before, after));
  }

  /** Notes every key of `object` outside `known` which holds something. `kind` names what alike objects are. */
  addUnknown(object: object, known: ReadonlySet<string>, kind: string, at: string): void {
    for (const [key, value] of Object.entries(object)) {
      if (!known.has(key) && !isNothing(value))
        count(this.#ignored, `${kind}.${key}`, at === '' ? key : `${at}.${key}`);
    }
  }

  /** `shape` names the dialect and what was spelled in it: `anthropic tool_use`. */
  addDialect(shape: string, path: string): void {
    count(this.#dialects, shape, path);
  }

  get adjustments(): readonly Adjustment[] {
    const ignored = [...this.#ignored.values()].map(({ path, count }) =>
      adjustment('field-ignored' satisfies ParsingRule, path, count > 1 ? `${count} times` : undefined),
    );
    const dialects = [...this.#dialects].map(([shape, { path, count }]) =>
      adjustment('other-dialect' satisfies ParsingRule, path, shape, count > 1 ? `${count} times` : undefined),
    );
    return [...this.#adjustments, ...dialects, ...ignored];
  }
}

function count(counts: Map<string, { readonly path: string; count: number }>, kind: string, path: string): void {
  const seen = counts.get(kind);
  if (seen) seen.count += 1;
  else counts.set(kind, { path, count: 1 });
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
