/** How much of it: enough to notice a regression within seconds, or all of it (`npm run test:chaos`, which .ci/run does). */
export function chaos({ usual, full }: { readonly usual: number; readonly full: number }): number {
  return process.env.CHAOS === 'full' ? full : usual;
}

/** Numbers for whoever runs it: a chaos which passed tells little without them. */
export function tell(what: string, numbers: Readonly<Record<string, number>>): void {
  const counted = Object.entries(numbers).map(([name, number]) => `${name} ${number}`);
  process.stdout.write(`${what}: ${counted.join(', ')}\n`);
}
