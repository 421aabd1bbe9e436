/** For `--import` of a process under test: writes what it has loaded to $MODULES_FILE when it exits. */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

export interface LoadedModules {
  /** URLs of files, in the order in which they were loaded. */
  readonly files: readonly string[];
  /** Parts of Node, by their internal names. */
  readonly builtins: readonly string[];
}

const files: string[] = [];

registerHooks({
  load(url, context, nextLoad) {
    files.push(url);
    return nextLoad(url, context);
  },
});

process.on('exit', () => {
  // Not in @types/node: "NativeModule http", "Internal Binding http2", …
  const { moduleLoadList } = process as typeof process & { readonly moduleLoadList: readonly string[] };
  const builtins = moduleLoadList.map((name) => name.replace(/^NativeModule /, ''));
  const loaded: LoadedModules = { files, builtins };
  writeFileSync(process.env.MODULES_FILE ?? '', JSON.stringify(loaded));
});
