/** `dragoman replay`: runs a capsule against the simulator and compares what goes out, byte for byte. */
import { readFile } from 'node:fs/promises';
import { type Command, printJson, requiredArgument, UsageError } from './command.ts';
import type { Difference } from './replay/compare.ts';

export const replay: Command = {
  name: 'replay',
  summary: 'Run a capsule against the simulator and compare its requests and its reply',
  argument: { name: 'file', meaning: 'a capsule; - reads it from standard input' },
  options: [],
  examples: ['dragoman replay capsule-req_abcdefghijklmnopqrstuvwx.json'],
  async run(input) {
    const { terminal, json } = input;
    const file = requiredArgument(input, 'the file of a capsule');
    const [{ capsuleSchema }, { replayCapsule }, { VERSION }] = await Promise.all([
      import('../capsules/format.ts'),
      import('./replay/run.ts'),
      import('../version.ts'),
    ]);
    const parsed = capsuleSchema().safeParse(await readJsonFile(file));
    if (!parsed.success)
      throw new UsageError(
        `${file} is not a capsule of this version: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`,
      );
    const capsule = parsed.data;
    const { differences, upstreamRequests } = await replayCapsule(capsule);
    if (json)
      printJson(terminal, {
        same: differences.length === 0,
        upstreamRequests,
        recordedBy: capsule.dragoman,
        differences,
      });
    else if (differences.length === 0)
      terminal.out(
        `Same: ${upstreamRequests} ${upstreamRequests === 1 ? 'request' : 'requests'} to the service and the reply, byte for byte.\n`,
      );
    else {
      const versions =
        capsule.dragoman === VERSION ? '' : ` The capsule is of dragoman ${capsule.dragoman}; this is ${VERSION}.`;
      terminal.out(`${differences.map(shown).join('\n')}\n`);
      terminal.err(
        `The replay differs in ${differences.length} ${differences.length === 1 ? 'place' : 'places'}.${versions}\n`,
      );
    }
    return differences.length === 0 ? 0 : 1;
  },
};

function shown({ where, at, recorded, replayed }: Difference): string {
  return `${where}, at character ${at}:\n  recorded ${JSON.stringify(recorded)}\n  replayed ${JSON.stringify(replayed)}`;
}

async function readJsonFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file === '-' ? '/dev/stdin' : file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Could not read the capsule ${file}: ${why}`);
  }
}
