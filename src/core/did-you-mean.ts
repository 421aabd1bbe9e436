/** Suggestions for a mistyped argument, setting or model. */

/** Longer names are not compared, since the cost grows with the product of both lengths. */
const MAX_NAME_CHARS = 100;
const MAX_EDITS = 3;
/** The share of the longer name that may differ, as commander allows for commands. */
const MAX_DIFFERENT_SHARE = 0.6;

/** ` Did you mean sticky?`, with a leading space to follow a sentence; empty if no candidate is close. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const close = closestTo(name, candidates);
  return close.length === 0 ? '' : ` Did you mean ${close.join(' or ')}?`;
}

/** The candidates with the fewest edits, ignoring case; none if all are too different to be a typing mistake. */
export function closestTo(name: string, candidates: Iterable<string>): readonly string[] {
  const written = name.trim().toLowerCase();
  if (written === '' || written.length > MAX_NAME_CHARS) return [];
  let fewest = MAX_EDITS;
  let closest: string[] = [];
  for (const candidate of new Set(candidates)) {
    if (Math.abs(candidate.length - written.length) > fewest) continue;
    const edits = editDistance(written, candidate.toLowerCase());
    const isClose = edits / Math.max(written.length, candidate.length) < MAX_DIFFERENT_SHARE;
    if (!isClose || edits > fewest) continue;
    closest = edits === fewest ? [...closest, candidate] : [candidate];
    fewest = edits;
  }
  return closest;
}

/** Damerau-Levenshtein distance, in its optimal string alignment variant. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, swapped, at(last, j) + 1, at(row, j - 1) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

/** The caller keeps `index` inside the row. */
function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
