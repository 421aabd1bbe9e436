/**
 * What the history says about which tools are on offer: deferred tools it has loaded, tools it took back, tools it
 * defined by value. Filled while the messages are read, asked when the tools are.
 */
export class ToolChanges {
  readonly #offered = new Map<string, boolean>();
  readonly definitions: { readonly tool: object; readonly at: string }[] = [];

  load(name: string): void {
    this.#offered.set(name, true);
  }

  remove(name: string): void {
    this.#offered.set(name, false);
  }

  define(tool: object, at: string): void {
    this.definitions.push({ tool, at });
    const name: unknown = Reflect.get(tool, 'name');
    if (typeof name === 'string') this.load(name);
  }

  isLoaded(name: string): boolean {
    return this.#offered.get(name) === true;
  }

  isRemoved(name: string): boolean {
    return this.#offered.get(name) === false;
  }
}
