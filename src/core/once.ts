/**
 * Builds a value when it is first used, and then keeps it. For what a start would build and most processes never use: one zod
 * schema costs as much as loading a small file.
 */
export function once<Value>(build: () => Value): () => Value {
  let built: { readonly value: Value } | undefined;
  return () => {
    built ??= { value: build() };
    return built.value;
  };
}
