/** Counts the successful and refused refreshes at a simulator’s token endpoints. */
import type { Simulator } from '../../src/simulator/server.ts';

const PATHS: ReadonlySet<string> = new Set(['/token', '/refreshToken']);

export function refreshesOf({ requests }: Simulator): { succeeded: number; refused: number } {
  const refreshes = requests.filter(({ path }) => PATHS.has(path));
  const count = (isCounted: (status: number) => boolean) =>
    refreshes.filter(({ status }) => status !== undefined && isCounted(status)).length;
  return { succeeded: count((status) => status === 200), refused: count((status) => status !== 200) };
}
