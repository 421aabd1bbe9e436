/** Translation alone (in-process/translate.ts). */
import type { TranslationFigures } from '../in-process/translate.ts';
import { BUDGETS } from '../report/budgets.ts';
import { toRow } from '../report/rows.ts';
import { figuresFrom } from './in-process.ts';
import { type Bench, isDragoman, type Outcome } from './scenario.ts';

const FLOOR_NOTE =
  'The floor of requests: JSON.parse, one pass that builds the body for the service, JSON.stringify and UTF-8 in the same process, in turn with dragoman.';

export async function translation(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const all = await figuresFrom<readonly TranslationFigures[]>(
    bench,
    'translate',
    bench.scale.isQuick ? ['10'] : ['40'],
  );
  return {
    rows: all.flatMap((figures) => {
      const { protocol, largeRequestMs, largeRequestBytes, nextTurnMs, floorMs, nextTurnFloorMs } = figures;
      const { frameEscapedNs, frameParsedNs, frameObjectsNs } = figures;
      const megabytes = (largeRequestBytes / 1e6).toFixed(2);
      return [
        toRow({
          name: `request of ${megabytes} MB, parsed to encoded, ${protocol}`,
          unit: 'ms',
          rounds: { dragoman: [largeRequestMs.median], floor: [floorMs] },
          budget: BUDGETS.largeRequest,
          note: `${protocol}, 200 turns, 40 tools: worst ${largeRequestMs.worst.toFixed(1)} ms, the very first of a process ${largeRequestMs.first.toFixed(1)} ms.`,
        }),
        toRow({
          name: `the next turn of the same conversation, ${protocol}`,
          unit: 'ms',
          rounds: { dragoman: [nextTurnMs], floor: [nextTurnFloorMs] },
          note: FLOOR_NOTE,
        }),
        toRow({
          name: `translating a text frame, ${protocol}`,
          unit: 'µs',
          rounds: { dragoman: [frameEscapedNs / 1000] },
          note: `${protocol}: ${(frameParsedNs / 1000).toFixed(2)} µs if the text is parsed and serialised again, ${(frameObjectsNs / 1000).toFixed(2)} µs with JSON.parse and JSON.stringify of whole objects.`,
        }),
      ];
    }),
  };
}
