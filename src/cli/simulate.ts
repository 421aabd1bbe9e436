/** `dragoman simulate`: the simulated service alone. */
import { type Command, textOption } from './command.ts';

export const simulate: Command = {
  name: 'simulate',
  summary: 'the upstream simulator alone',
  options: [
    { flag: '--port <n>', meaning: 'the port to listen on (9090)' },
    { flag: '--script <file>', meaning: 'what it answers, as JSON' },
  ],
  examples: ['dragoman simulate', 'dragoman simulate --port 9090 --script replies.json'],
  async run(input) {
    const { runSimulator } = await import('../simulator/run.ts');
    return runSimulator({
      port: textOption(input, 'port'),
      script: textOption(input, 'script'),
      json: input.json,
      terminal: input.terminal,
    });
  },
};
