/**
 * Changes to the offered tools in the history: deferred tools that it loads, tools that it removes, and tools that it
 * defines. Collected while messages are read, used when the tools are.
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
