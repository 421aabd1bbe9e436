/** For `--import` of a process under test: writes what it has loaded to $MODULES_FILE when it exits. */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

export interface LoadedModules {
  /** URLs of files, in the order in which they were loaded. */
  readonly files: readonly string[];
  /** Parts of Node, by their internal names. */
  readonly builtins: readonly string[];
  /** Constructors of Intl that were called. The first one loads the data of locales. */
  readonly intl: readonly string[];
  /** Number of zod schemas that were built. */
  readonly schemas: number;
}

const files: string[] = [];
/** What zod, of which each schema is an instance of a class made here, calls for each of them. */
const BUILDS_SCHEMA = 'function _(def) {';
let schemas = 0;
Reflect.set(globalThis, 'countSchema', () => {
  schemas += 1;
});

registerHooks({
  load(url, context, nextLoad) {
    // Node's own modules come by here once for each file that imports them.
    if (url.startsWith('file:')) files.push(url);
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/zod/v4/core/core.js')) return loaded;
    return { ...loaded, source: String(loaded.source).replace(BUILDS_SCHEMA, `${BUILDS_SCHEMA} countSchema();`) };
  },
});

const intl = new Set<string>();

for (const name of ['Collator', 'DateTimeFormat', 'ListFormat', 'NumberFormat', 'PluralRules', 'Segmenter']) {
  const noteCall = <Result>(call: () => Result): Result => {
    intl.add(name);
    return call();
  };
  const counted = new Proxy(Reflect.get(Intl, name), {
    apply: (target, self, args) => noteCall(() => Reflect.apply(target, self, args)),
    construct: (target, args, newTarget) => noteCall(() => Reflect.construct(target, args, newTarget)),
  });
  Object.defineProperty(Intl, name, { value: counted });
}

process.on('exit', () => {
  // Not in @types/node: "NativeModule http", "Internal Binding http2", …
  const { moduleLoadList } = process as typeof process & { readonly moduleLoadList: readonly string[] };
  const builtins = moduleLoadList.map((name) => name.replace(/^NativeModule /, ''));
  const loaded: LoadedModules = { files, builtins, intl: [...intl], schemas };
  writeFileSync(process.env.MODULES_FILE ?? '', JSON.stringify(loaded));
});
