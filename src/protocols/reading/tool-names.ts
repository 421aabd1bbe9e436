/**
 * The names under which the model knows a request's tools, and what each was declared as: a call comes back as the
 * very kind, name and namespace which the client declared, or the client takes it for a call of something unknown.
 */
import type { TypedKind } from './responses-typed-tools.ts';

export type Declared =
  | { readonly kind: 'function' | 'custom'; readonly name: string; readonly namespace?: string | undefined }
  | { readonly kind: TypedKind };

export class ToolNames {
  readonly #byKey = new Map<string, string>();
  readonly #declared = new Map<string, Declared>();

  /** The tool's name for the model; undefined when it was declared before. */
  declare(declared: Declared): string | undefined {
    const key = keyOf(declared);
    if (this.#byKey.has(key)) return undefined;
    const name = this.#free(plainName(declared));
    this.#byKey.set(key, name);
    this.#declared.set(name, declared);
    return name;
  }

  /** Of a tool which the history or the tool choice speaks of; perhaps not declared any more. */
  nameOf(declared: Declared): string {
    return this.#byKey.get(keyOf(declared)) ?? plainName(declared);
  }

  has(declared: Declared): boolean {
    return this.#byKey.has(keyOf(declared));
  }

  /** What a call by the model means. A name nobody declared is a function's. */
  declaredAs(name: string): Declared {
    return this.#declared.get(name) ?? { kind: 'function', name };
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#declared.has(name); i++) name = `${wanted}_${i}`;
    return name;
  }
}

/** Functions and custom tools share their names. */
function keyOf(declared: Declared): string {
  if (!('name' in declared)) return `kind ${declared.kind}`;
  return JSON.stringify([declared.namespace ?? IMPLIED_NAMESPACE, declared.name]);
}

/** Clients name tools of this one with or without it. */
export const IMPLIED_NAMESPACE = 'functions';

function plainName(declared: Declared): string {
  if (!('name' in declared)) return declared.kind;
  const { name, namespace } = declared;
  return namespace === undefined || namespace === IMPLIED_NAMESPACE ? name : `${namespace}__${name}`;
}
