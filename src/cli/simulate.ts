/** `dragoman simulate`: runs the simulated service alone. */
import { type Command, textOption } from './command.ts';

export const simulate: Command = {
  name: 'simulate',
  summary: 'Run the upstream simulator alone',
  options: [
    { flag: '--port <n>', meaning: 'port to listen on (9090)' },
    { flag: '--script <file>', meaning: 'JSON file of scripted replies' },
    { flag: '--hosts <which>', meaning: 'hosts to simulate: any, q or kiro' },
    { flag: '--web-search <form>', meaning: 'forms of InvokeMCP to serve: both, json or rest' },
  ],
  examples: ['dragoman simulate', 'dragoman simulate --port 9090 --script replies.json'],
  async run(input) {
    const { runSimulator } = await import('../simulator/run.ts');
    return runSimulator({
      port: textOption(input, 'port'),
      script: textOption(input, 'script'),
      hosts: textOption(input, 'hosts'),
      webSearch: textOption(input, 'web-search'),
      json: input.json,
      terminal: input.terminal,
    });
  },
};
