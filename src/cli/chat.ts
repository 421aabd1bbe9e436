/** `dragoman chat`: streams one reply to the terminal. */
import { randomUUID } from 'node:crypto';
import { text as readAll } from 'node:stream/consumers';
import { ReplyCollector } from '../core/collect.ts';
import type { Catalogue } from '../core/models.ts';
import type { Usage } from '../core/usage.ts';
import { suggestModels } from '../gateway/unknown-model.ts';
import { ask, type ReplyStream, textIn } from '../library/ask.ts';
import type { MODEL_RULES } from '../upstreams/codewhisperer/resolve-model.ts';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';
import type { Terminal } from './terminal.ts';

export const chat: Command = {
  name: 'chat',
  alias: 'test',
  summary: 'Send one prompt and stream the reply',
  argument: { name: 'prompt', meaning: 'the prompt; `-` reads it from standard input' },
  options: [
    { flag: '--model <id>', meaning: "model id (default: the service's default model)" },
    { flag: '--system <text>', meaning: 'instructions for the model' },
    ...settingOptions('database', 'upstream'),
  ],
  examples: ['dragoman chat "Why is the sky blue?"', 'git diff | dragoman chat - --system "Review this change."'],
  async run(input) {
    const prompt = await promptOf(input);
    await using opened = await openGateway(input);
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    process.once('SIGINT', leave);
    const signal = AbortSignal.any([leaving.signal, input.terminal.closed]);
    try {
      const question = { prompt, model: textOption(input, 'model'), system: textOption(input, 'system') };
      const reply = await ask(opened.gateway, randomUUID(), question, signal);
      if (isAnsweredByDefault(reply) && question.model !== undefined)
        warnOfDefault(input, question.model, reply, await opened.gateway.models(signal));
      return await show(input, reply);
    } finally {
      process.off('SIGINT', leave);
    }
  },
};

async function promptOf({ argument }: CommandInput): Promise<string> {
  const prompt = argument === '-' ? await readAll(process.stdin) : argument;
  if (!prompt?.trim()) throw new UsageError('No prompt given. For example: dragoman chat "Why is the sky blue?"');
  return prompt;
}

function isAnsweredByDefault({ adjustments }: ReplyStream): boolean {
  const rule: keyof typeof MODEL_RULES = 'model-default';
  return adjustments.some((adjustment) => adjustment.rule === rule);
}

function warnOfDefault({ terminal }: CommandInput, requested: string, { route }: ReplyStream, catalogue: Catalogue) {
  const what = `The service has no model named ${JSON.stringify(requested.slice(0, 100))}; ${route.modelId || 'the default model'} answers.`;
  terminal.err(`${terminal.style('yellow', 'warning')}: ${what}${suggestModels(requested, catalogue)}\n`);
}

async function show({ terminal, json }: CommandInput, stream: ReplyStream): Promise<number> {
  const collector = new ReplyCollector();
  for await (const event of stream) {
    collector.push(event);
    if (event.type === 'text-delta' && !json) terminal.out(event.text.plain);
  }
  const reply = collector.reply();
  const { stopReason, usage } = reply;
  const text = textIn(reply);
  if (json) printJson(terminal, { text, model: stream.route.modelId, stopReason, usage });
  else terminal.out(`${text.endsWith('\n') ? '' : '\n'}${usageLine(terminal, stream.route.modelId, usage)}`);
  return 0;
}

/** Each figure comes with its provenance. */
function usageLine(
  terminal: Terminal,
  model: string,
  { inputTokens, outputTokens, credits, creditUnit }: Usage,
): string {
  if (!terminal.isInteractive) return '';
  const figures = [
    `${inputTokens.value} tokens in (${inputTokens.provenance})`,
    `${outputTokens.value} out (${outputTokens.provenance})`,
    ...(credits ? [`${credits.value} ${creditUnit ?? 'credits'} (${credits.provenance})`] : []),
  ];
  return terminal.style('dim', `${[model, ...figures].join(' · ')}\n`);
}
