/** `dragoman simulate`: runs the simulated service alone. */
import { type Command, type CommandInput, textOption, UsageError } from './command.ts';
import type { WireRecorder } from './wire-report/recorder.ts';

export const simulate: Command = {
  name: 'simulate',
  summary: 'Run the upstream simulator alone',
  options: [
    { flag: '--port <n>', meaning: 'port to listen on (9090)' },
    { flag: '--script <file>', meaning: 'JSON file of scripted replies' },
    { flag: '--hosts <which>', meaning: 'hosts to simulate: any, q or kiro' },
    { flag: '--web-search <form>', meaning: 'forms of InvokeMCP to serve: both, json or rest' },
    { flag: '--record <file>', meaning: 'file for a wire report: what clients send, without its text' },
  ],
  examples: [
    'dragoman simulate',
    'dragoman simulate --port 9090 --script replies.json',
    'dragoman simulate --record wire-report.json',
  ],
  async run(input) {
    const { runSimulator } = await import('../simulator/run.ts');
    const recorder = await openRecorder(input);
    const code = await runSimulator({
      port: textOption(input, 'port'),
      script: textOption(input, 'script'),
      hosts: textOption(input, 'hosts'),
      webSearch: textOption(input, 'web-search'),
      json: input.json,
      terminal: input.terminal,
      onFinished: recorder?.take,
    });
    recorder?.write();
    if (recorder && !input.json)
      input.terminal.err(`Recorded ${recorder.count} requests in ${textOption(input, 'record')}.\n`);
    return code;
  },
};

async function openRecorder(input: CommandInput): Promise<WireRecorder | undefined> {
  const file = textOption(input, 'record');
  if (file === undefined) return undefined;
  const { WireRecorder: Recorder } = await import('./wire-report/recorder.ts');
  try {
    return new Recorder(file);
  } catch (cause) {
    throw new UsageError(`Could not write the wire report ${file}: ${cause instanceof Error ? cause.message : cause}`);
  }
}
