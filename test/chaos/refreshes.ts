/** What a simulator's token endpoints were asked for, and how often a refresh token was of no use. */
import type { Simulator } from '../../src/simulator/server.ts';

const PATHS: ReadonlySet<string> = new Set(['/token', '/refreshToken']);

export function refreshesOf({ requests }: Simulator): { made: number; refused: number } {
  const asked = requests.filter(({ path }) => PATHS.has(path));
  const count = (isCounted: (status: number) => boolean) =>
    asked.filter(({ status }) => status !== undefined && isCounted(status)).length;
  return { made: count((status) => status === 200), refused: count((status) => status !== 200) };
}
