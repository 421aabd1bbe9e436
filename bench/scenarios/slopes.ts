/** How costs grow: with frames, open streams, turns, tools, accounts and keys. */
import type { LeaseFigures } from '../in-process/choose-account.ts';
import { BUDGETS } from '../report/budgets.ts';
import { type Curve, type CurvePoint, growthExponent } from '../report/curves.ts';
import { figureText, type Row, toRow } from '../report/rows.ts';
import { median } from '../statistics.ts';
import { DRAGOMAN } from '../subjects/dragoman.ts';
import { figuresFrom } from './in-process.ts';
import { pacedInTurns } from './paced.ts';
import { cpuPerFrameUs, cpuPerReplyUs, inTurns, medianOf, withSubjects } from './rounds.ts';
import { type Bench, closedLoop, isDragoman, type Outcome } from './scenario.ts';

const FRAMES = [10, 100, 1_000, 10_000];
const STREAMS = [10, 100, 1_000, 5_000];
const ACCOUNTS = [1, 10, 100, 1_000];
const KEYS = [1, 10, 100, 1_000, 10_000];
/** Long replies are measured by fewer of them. */
const FRAMES_PER_SIZE = 50_000;
/** All sizes carry the same number of frames a second, so that only the number of streams differs. */
const FRAMES_PER_S = 2_000;

export async function slopes(bench: Bench): Promise<Outcome> {
  if (!bench.subjects.some(isDragoman)) return { rows: [] };
  const { isQuick, manyStreams } = bench.scale;
  const curves = [
    await framesCurve(bench),
    ...(await streamCurves(
      bench,
      STREAMS.filter((streams) => streams <= manyStreams),
    )),
    ...(await figuresFrom<readonly Curve[]>(bench, 'encode-conversations', [isQuick ? '5' : '15'])),
    await accountsCurve(bench),
    ...(await figuresFrom<readonly Curve[]>(bench, 'check-keys', KEYS.map(String))),
  ];
  return { rows: curves.map(growthRow), curves };
}

function growthRow({ name, size, unit, points }: Curve): Row {
  const [first, last] = [points[0], points.at(-1)];
  return toRow({
    name: `${name}: exponent of its growth, ${first?.size} to ${last?.size} ${size}`,
    unit: '',
    rounds: { dragoman: [growthExponent(points)] },
    budget: BUDGETS.slope,
    note: `${name}, ${size}: ${points.map((point) => `${figureText(point.cost)} ${unit} at ${point.size}`).join(', ')}.`,
  });
}

async function framesCurve(bench: Bench): Promise<Curve> {
  const points = await withSubjects(bench, [DRAGOMAN], async (subjects) => {
    const onlyOpenai = subjects.map((subject) => ({ ...subject, targets: [subject.targets[0]] as const }));
    const found: CurvePoint[] = [];
    for (const frames of FRAMES) {
      const replies = Math.max(20, FRAMES_PER_SIZE / frames);
      const job = { ...closedLoop(frames, 8, 60_000), maxReplies: bench.scale.isQuick ? replies : 5 * replies };
      const [series] = await inTurns(bench, `${frames} frames a reply`, onlyOpenai, job);
      found.push({ size: frames, cost: medianOf(series, cpuPerReplyUs) });
    }
    return found;
  });
  return { name: 'CPU a reply', size: 'frames a reply', unit: 'µs', points };
}

async function streamCurves(bench: Bench, sizes: readonly number[]): Promise<Curve[]> {
  const cpu: CurvePoint[] = [];
  const memory: CurvePoint[] = [];
  for (const size of sizes) {
    const [series] = await pacedInTurns(bench, [DRAGOMAN], size, FRAMES_PER_S, 1);
    const resident = series?.rounds.flatMap(({ residentAfter }) => residentAfter ?? []) ?? [];
    cpu.push({ size, cost: medianOf(series, cpuPerFrameUs) });
    memory.push({ size, cost: median(resident) / 1e6 });
  }
  return [
    { name: 'CPU a frame', size: 'open streams', unit: 'µs', points: cpu },
    { name: 'memory of the process', size: 'open streams', unit: 'MB', points: memory },
  ];
}

async function accountsCurve(bench: Bench): Promise<Curve> {
  const figures = await figuresFrom<readonly LeaseFigures[]>(bench, 'choose-account', ACCOUNTS.map(String));
  const points = figures.map(({ accounts, leaseUs }) => ({ size: accounts, cost: leaseUs }));
  return { name: 'choosing an account', size: 'accounts', unit: 'µs', points };
}
