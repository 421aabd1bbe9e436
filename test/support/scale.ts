/**
 * How many times a long test repeats: few enough for `npm test`, or all of it (`npm run test:full` and
 * `npm run test:chaos`, which set TEST_SCALE=full).
 */
export function scaled({ usual, full }: { readonly usual: number; readonly full: number }): number {
  return process.env.TEST_SCALE === 'full' ? full : usual;
}

/** Prints what a test counted: that a random test passed says little without it. */
export function printCounts(test: string, numbers: Readonly<Record<string, number>>): void {
  const counted = Object.entries(numbers).map(([name, number]) => `${name} ${number}`);
  process.stdout.write(`${test}: ${counted.join(', ')}\n`);
}
