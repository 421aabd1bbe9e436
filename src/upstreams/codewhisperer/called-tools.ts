/**
 * Finds the declared tool that a model's call means. Models write the bare name of a namespaced tool, another separator
 * or case, or a namespace from their training; such a name is mapped to the declared tool if exactly one matches. A name
 * that matches several tools, or none, stays as the model wrote it.
 */
export interface CalledTool {
  /** As it was sent to the service. */
  readonly wireName: string;
  /** As the client declared it. */
  readonly name: string;
  /** As the model wrote it. */
  readonly written: string;
  /** The model wrote neither of the two names. */
  readonly isRespelled: boolean;
}

/** Namespaces that models put before the name of a tool without a namespace. */
const IMPLIED_NAMESPACE = /^(?:functions|default_api)(?:__|[.:/])/i;
const SEPARATOR = /__|[.:/]/;

export class CalledTools {
  readonly #toolNames: ReadonlyMap<string, string>;
  #respelled: Map<string, CalledTool> | undefined = undefined;
  #spellings: readonly Spelling[] | undefined;

  /** `toolNames`: wire name → the client's name, of every tool the model may call. */
  constructor(toolNames: ReadonlyMap<string, string>) {
    this.#toolNames = toolNames;
  }

  find(written: string): CalledTool {
    const name = this.#toolNames.get(written);
    if (name !== undefined) return { wireName: written, name, written, isRespelled: false };
    this.#respelled ??= new Map();
    const cached = this.#respelled.get(written);
    if (cached) return cached;
    const tool = this.#search(written);
    // One entry per name and reply; bounded, because a model may invent thousands.
    if (this.#respelled.size < MAX_REMEMBERED) this.#respelled.set(written, tool);
    return tool;
  }

  #search(written: string): CalledTool {
    this.#spellings ??= [...this.#toolNames].flatMap(([wireName, name]) =>
      name === wireName ? [spelling(wireName, wireName)] : [spelling(name, wireName), spelling(wireName, wireName)],
    );
    const bare = written.replace(IMPLIED_NAMESPACE, '');
    const wireName =
      findOnly(spelling(written, ''), this.#spellings) ??
      (bare === written || bare === '' ? undefined : findOnly(spelling(bare, ''), this.#spellings));
    const name = wireName === undefined ? undefined : this.#toolNames.get(wireName);
    if (wireName === undefined || name === undefined)
      return { wireName: written, name: written, written, isRespelled: false };
    return { wireName, name, written, isRespelled: written !== name };
  }
}

const MAX_REMEMBERED = 100;

interface Spelling {
  readonly text: string;
  readonly folded: string;
  readonly segments: readonly string[];
  readonly foldedSegments: readonly string[];
  readonly wireName: string;
}

function spelling(text: string, wireName: string): Spelling {
  const folded = text.toLowerCase();
  return { text, folded, segments: text.split(SEPARATOR), foldedSegments: folded.split(SEPARATOR), wireName };
}

/** From the closest kind of match to the loosest. The first kind that any tool matches decides. */
const MATCHES: readonly ((written: Spelling, declared: Spelling) => boolean)[] = [
  (written, declared) => written.text === declared.text,
  (written, declared) => isSame(written.segments, declared.segments),
  (written, declared) => written.folded === declared.folded,
  (written, declared) => isSame(written.foldedSegments, declared.foldedSegments),
  (written, declared) => isTail(written.segments, declared.segments),
  (written, declared) => isTail(written.foldedSegments, declared.foldedSegments),
];

/** undefined: no tool matches, or several do. */
function findOnly(written: Spelling, declared: readonly Spelling[]): string | undefined {
  if (written.text === '') return undefined;
  for (const isAlike of MATCHES) {
    const wireNames = new Set(declared.filter((one) => isAlike(written, one)).map(({ wireName }) => wireName));
    const [wireName] = wireNames;
    if (wireName !== undefined) return wireNames.size === 1 ? wireName : undefined;
  }
  return undefined;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((segment, index) => segment === other[index]);
}

function isTail(tail: readonly string[], words: readonly string[]): boolean {
  return tail.length < words.length && isSame(tail, words.slice(-tail.length));
}
