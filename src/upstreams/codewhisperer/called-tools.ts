/**
 * Which declared tool a call of the model means. Models write the bare name of a namespaced tool, another separator or
 * case, or a namespace from their training; such a name is mapped to the declared tool if exactly one fits. A name
 * that fits several tools, or none, stays as the model wrote it.
 */
export interface CalledTool {
  /** As it was sent to the service. */
  readonly wireName: string;
  /** As the client declared it. */
  readonly name: string;
  /** As the model wrote it. */
  readonly written: string;
  /** The model wrote neither of them. */
  readonly isRespelled: boolean;
}

/** Namespaces that models put before the name of a tool that has none. */
const IMPLIED_NAMESPACE = /^(?:functions|default_api)(?:__|[.:/])/i;
const SEPARATOR = /__|[.:/]/;

export class CalledTools {
  readonly #toolNames: ReadonlyMap<string, string>;
  readonly #respelled = new Map<string, CalledTool>();
  #spellings: readonly Spelling[] | undefined;

  /** `toolNames`: wire name → the client's name, of every tool the model may call. */
  constructor(toolNames: ReadonlyMap<string, string>) {
    this.#toolNames = toolNames;
  }

  find(written: string): CalledTool {
    const name = this.#toolNames.get(written);
    if (name !== undefined) return { wireName: written, name, written, isRespelled: false };
    const known = this.#respelled.get(written);
    if (known) return known;
    const found = this.#search(written);
    // One entry for each name in one reply; a model that invents thousands is not worth remembering.
    if (this.#respelled.size < MAX_REMEMBERED) this.#respelled.set(written, found);
    return found;
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

/** From the closest kind of likeness to the loosest. The first that fits any tool decides. */
const LIKENESSES: readonly ((written: Spelling, declared: Spelling) => boolean)[] = [
  (written, declared) => written.text === declared.text,
  (written, declared) => isSame(written.segments, declared.segments),
  (written, declared) => written.folded === declared.folded,
  (written, declared) => isSame(written.foldedSegments, declared.foldedSegments),
  (written, declared) => isTail(written.segments, declared.segments),
  (written, declared) => isTail(written.foldedSegments, declared.foldedSegments),
];

/** Undefined: no tool fits, or several do. */
function findOnly(written: Spelling, declared: readonly Spelling[]): string | undefined {
  if (written.text === '') return undefined;
  for (const isAlike of LIKENESSES) {
    const wireNames = new Set(declared.filter((one) => isAlike(written, one)).map(({ wireName }) => wireName));
    const [wireName] = wireNames;
    if (wireName !== undefined) return wireNames.size === 1 ? wireName : undefined;
  }
  return undefined;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((segment, index) => segment === other[index]);
}

function isTail(tail: readonly string[], whole: readonly string[]): boolean {
  return tail.length < whole.length && isSame(tail, whole.slice(-tail.length));
}
