/**
 * How often a long test repeats: reduced for `npm test`, in full for `npm run test:full` and `npm run test:chaos`, which
 * set TEST_SCALE=full.
 */
export function scaled({ usual, full }: { readonly usual: number; readonly full: number }): number {
  return process.env.TEST_SCALE === 'full' ? full : usual;
}

/** Prints a test's counts, without which a passing random test says little. */
export function printCounts(test: string, numbers: Readonly<Record<string, number>>): void {
  const counted = Object.entries(numbers).map(([name, number]) => `${name} ${number}`);
  process.stdout.write(`${test}: ${counted.join(', ')}\n`);
}
