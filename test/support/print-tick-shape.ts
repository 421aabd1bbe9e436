/**
 * For `--import` of a process under test: on SIGUSR2 collects the heap, and writes to standard error what V8 has learned of how
 * `process.nextTick` defines the members of its objects: `ticks: MONOMORPHIC, …`.
 */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

process.on('SIGUSR2', async () => {
  setFlagsFromString('--expose-gc');
  const collect: NodeJS.GCFunction = runInNewContext('gc');
  collect({ type: 'major', flavor: 'last-resort' });
  await setImmediate();
  for (let n = 0; n < 100; n++) process.nextTick(() => {});
  await setImmediate();
  setFlagsFromString('--allow-natives-syntax');
  const feedback: [kind: string, state: string][] = new Function('of', 'return %GetFeedback(of)')(process.nextTick);
  const definitions = feedback.filter(([kind]) => kind === 'DefineKeyedOwnPropertyInLiteral');
  process.stderr.write(`ticks: ${definitions.map(([, state]) => state).join()}\n`);
});
