/** Prints, after the run, what each hostile input cost. */
import type { Reporter, TestModule } from 'vitest/node';
import type { MeasuredInput } from './measure.ts';

const HEADINGS = ['input', 'turn ms', '/health ms', 'without', 'MB before', 'peak', 'after'];

export class InputTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => {
        const measured = test.meta().hostileInput;
        return measured ? [rowOf(test.name, measured)] : [];
      }),
    );
    if (rows.length > 0) process.stdout.write(`${printed([HEADINGS, ...rows])}\n`);
  }
}

function rowOf(name: string, input: MeasuredInput): string[] {
  const { turnMs, slowestMs, controlMs, beforeBytes, peakBytes, afterBytes } = input;
  return [
    name,
    ...[turnMs, slowestMs, controlMs, ...[beforeBytes, peakBytes, afterBytes].map((bytes) => bytes / 1e6)].map(round),
  ];
}

function round(value: number): string {
  return value.toFixed(0);
}

function printed(rows: readonly (readonly string[])[]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([name = '', ...figures]) =>
      [name.padEnd(widths[0] ?? 0), ...figures.map((figure, i) => figure.padStart(widths[i + 1] ?? 0))].join('  '),
    )
    .join('\n');
}
