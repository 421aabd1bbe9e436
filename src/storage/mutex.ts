/** Locks by name within this process: all that a database in memory needs. */

type Lock = <T>(names: readonly string[], work: () => Promise<T>) => Promise<T>;

export function createMutex(): Lock {
  const tails = new Map<string, Promise<unknown>>();
  return (names, work) => {
    const before = Promise.all(names.map((name) => tails.get(name)));
    const result = before.then(work);
    const tail = result.then(
      () => {},
      () => {},
    );
    for (const name of names) tails.set(name, tail);
    void tail.then(() => {
      for (const name of names) if (tails.get(name) === tail) tails.delete(name);
    });
    return result;
  };
}
