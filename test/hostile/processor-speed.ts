/** How slow this machine's processor is, for limits in processor time that were set on another machine. */

/** What the work below takes on the machine on which the limits were set, while it does nothing else. */
const REFERENCE_MS = 125;
/** A limit that grew further would no longer tell a blocked event loop from a slow machine. */
const MAX_SLOWNESS = 2;

const ROUNDS = 100;
const TEXT = JSON.stringify(
  Array.from({ length: 4_000 }, (_, index) => ({
    role: 'user',
    index,
    content: `line ${index} of a text`,
    tags: ['a'],
  })),
);

/**
 * The processor time of a fixed amount of parsing and garbage collection, as a multiple of the reference, from 1 to 2.
 * Measured again for each input: other programs that share a core or its cache slow it down for minutes at a time.
 */
export function processorSlowness(): number {
  const before = process.threadCpuUsage();
  for (let round = 0; round < ROUNDS; round++) JSON.parse(TEXT);
  const { user, system } = process.threadCpuUsage(before);
  return Math.min(Math.max((user + system) / 1_000 / REFERENCE_MS, 1), MAX_SLOWNESS);
}
