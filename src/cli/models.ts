/** `dragoman models`: lists the live model catalogue. */
import type { Model } from '../core/models.ts';
import { type Command, printJson } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';
import { table } from './terminal.ts';

export const models: Command = {
  name: 'models',
  summary: 'List the models that the service offers now',
  options: settingOptions('database', 'upstream'),
  examples: ['dragoman models', 'dragoman models --json | jq -r .models[].id'],
  async run(input) {
    const { terminal, json } = input;
    await using opened = await openGateway(input);
    const catalogue = await opened.gateway.models(AbortSignal.timeout(opened.settings.firstByteTimeoutMs));
    if (json) {
      printJson(terminal, catalogue);
      return 0;
    }
    const rows = catalogue.models.map((model) => rowOf(model, model.id === catalogue.defaultModelId));
    terminal.out(table([HEADINGS, ...rows]));
    return 0;
  },
};

const HEADINGS = ['model', 'name', 'input', 'output', 'images', 'reasoning', 'max_tokens', 'rate'];

function rowOf(model: Model, isDefault: boolean): string[] {
  const { id, name, maxInputTokens, maxOutputTokens, takesImages, outputLimit, rateMultiplier, rateUnit } = model;
  return [
    isDefault ? `${id} (default)` : id,
    name,
    tokens(maxInputTokens),
    tokens(maxOutputTokens),
    takesImages ? 'yes' : 'no',
    effortsOf(model),
    outputLimit === undefined ? '–' : `${tokens(outputLimit.min)} to ${tokens(outputLimit.max)}`,
    rateMultiplier === undefined ? '–' : `${rateMultiplier} ${rateUnit ?? ''}`,
  ];
}

/** The default effort is marked: `low medium *high`. */
function effortsOf({ efforts = [], defaultEffort }: Model): string {
  const marked = efforts.map((effort) => (effort === defaultEffort ? `*${effort}` : effort));
  return marked.length === 0 ? '–' : marked.join(' ');
}

function tokens(count: number | undefined): string {
  return count === undefined ? '–' : count.toLocaleString('en');
}
