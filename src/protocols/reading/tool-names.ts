/**
 * Maps tool names for the model to the tools that the client declared. A call must be returned with the declared kind,
 * name and namespace, or the client does not recognize it.
 */
import type { TypedKind } from './responses-typed-tools.ts';

export type Declared =
  | { readonly kind: 'function' | 'custom'; readonly name: string; readonly namespace?: string | undefined }
  | { readonly kind: TypedKind };

export class ToolNames {
  readonly #byKey = new Map<string, string>();
  readonly #declared = new Map<string, Declared>();

  /** The tool's name for the model; undefined if it was declared before. */
  declare(declared: Declared): string | undefined {
    const key = keyOf(declared);
    if (this.#byKey.has(key)) return undefined;
    const name = this.#unique(plainName(declared));
    this.#byKey.set(key, name);
    this.#declared.set(name, declared);
    return name;
  }

  /** The name of a tool in the history or the tool choice, which may no longer be declared. */
  nameOf(declared: Declared): string {
    return this.#byKey.get(keyOf(declared)) ?? plainName(declared);
  }

  has(declared: Declared): boolean {
    return this.#byKey.has(keyOf(declared));
  }

  /** The tool that the model calls by `name`. An undeclared name is read as a function. */
  declaredAs(name: string): Declared {
    return this.#declared.get(name) ?? { kind: 'function', name };
  }

  #unique(base: string): string {
    let name = base;
    for (let i = 2; this.#declared.has(name); i++) name = `${base}_${i}`;
    return name;
  }
}

/** Functions and custom tools share one set of names. */
function keyOf(declared: Declared): string {
  if (!('name' in declared)) return `kind ${declared.kind}`;
  return JSON.stringify([declared.namespace ?? IMPLIED_NAMESPACE, declared.name]);
}

/** Clients name tools in this namespace with or without it. */
export const IMPLIED_NAMESPACE = 'functions';

function plainName(declared: Declared): string {
  if (!('name' in declared)) return declared.kind;
  const { name, namespace } = declared;
  return namespace === undefined || namespace === IMPLIED_NAMESPACE ? name : `${namespace}__${name}`;
}
