/** The used part of html-to-text, which ships without types. */
declare module 'html-to-text' {
  export interface Selector {
    readonly selector: string;
    readonly format?: string;
    readonly options?: Readonly<Record<string, unknown>>;
  }
  export interface Options {
    readonly wordwrap: false;
    readonly selectors: readonly Selector[];
    readonly limits: { readonly maxInputLength: number; readonly maxDepth: number };
  }
  export function convert(html: string, options: Options): string;
}
