/** Closes an exhaustive `switch`: a missing case is a compile error here. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`);
}
