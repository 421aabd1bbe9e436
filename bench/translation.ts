/** Rows for translation alone, measured by translate.ts in its own process. */
import { join } from 'node:path';
import { type Row, toRow } from './rows.ts';
import type { Bench } from './scenarios.ts';
import type { TranslationFigures } from './translate.ts';

export async function translation(bench: Bench): Promise<Row[]> {
  if (!bench.subjects.includes('dragoman')) return [];
  bench.say('translation alone');
  return (await measured(bench)).flatMap((figures) => {
    const { protocol, largeRequestMs, largeRequestBytes, frameEscapedNs, frameParsedNs, frameObjectsNs } = figures;
    const megabytes = (largeRequestBytes / 1e6).toFixed(2);
    return [
      toRow({
        name: `request of ${megabytes} MB, 200 turns, 40 tools: event loop held (${protocol})`,
        unit: 'ms',
        values: { dragoman: largeRequestMs.median },
        budget: { type: 'value', atMost: 15 },
        note: `${protocol}: worst of 30 ${largeRequestMs.worst.toFixed(1)} ms, the very first of a process ${largeRequestMs.first.toFixed(1)} ms.`,
      }),
      toRow({
        name: `translating a text frame (${protocol})`,
        unit: 'µs',
        values: { dragoman: frameEscapedNs / 1000 },
        budget: { type: 'none' },
        note: `${protocol}: ${(frameParsedNs / 1000).toFixed(2)} µs if its text is parsed and printed again, ${(frameObjectsNs / 1000).toFixed(2)} µs by JSON.parse and JSON.stringify of whole objects.`,
      }),
    ];
  });
}

function measured({ processes }: Bench): Promise<readonly TranslationFigures[]> {
  const started = processes.start(
    'the translation benchmark',
    'subject',
    process.execPath,
    [join(import.meta.dirname, 'translate.ts')],
    { talks: true },
  );
  return new Promise((resolve, reject) => {
    // translate.ts sends one message of this type and exits.
    started.process.once('message', (message) => resolve(message as readonly TranslationFigures[]));
    started.process.once('exit', () => reject(new Error(`${started.name} failed: ${started.complaints()}`)));
  });
}
