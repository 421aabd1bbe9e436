/** A small chat for each rule with two readings: under the bolder reading it contains what the service may refuse. */
import type { Conversation, Tool, Turn } from '../../../core/conversation.ts';
import type { ProbedRule, ProbeQuestion, UpstreamProbes } from '../../upstream.ts';
import { READING_RULES, type ReadingRuleId } from './rules.ts';

/**
 * Not asked: `reasoning-history`, for which a model would have to reason and sign first. `context-window` needs no chat of
 * its own.
 */
type AskedRuleId = Exclude<ReadingRuleId, 'reasoning-history' | 'context-window'>;

const PROMPT = 'Reply with the single word: ready';
/** Twice what official clients send. */
const LONG_DESCRIPTION_CHARS = 20_000;

const TOOL: Tool = toolOf({ type: 'object', properties: { path: { type: 'string' } } });

const CONVERSATIONS: Readonly<Record<AskedRuleId, Partial<Conversation>>> = {
  'additional-properties': {
    tools: [toolOf({ type: 'object', properties: { path: { type: 'string' } }, additionalProperties: false })],
  },
  'blank-tool-turn': {
    tools: [TOOL],
    turns: [
      turn('user', { type: 'text', at: 'probe', text: 'Read the file a.txt with the tool.' }),
      turn('assistant', {
        type: 'tool-use',
        at: 'probe',
        toolUseId: 'probe_1',
        name: TOOL.name,
        input: { path: 'a.txt' },
      }),
      turn('user', {
        type: 'tool-result',
        at: 'probe',
        toolUseId: 'probe_1',
        isError: false,
        content: [textOf('ready')],
      }),
    ],
  },
  'blank-turn': {
    turns: [turn('user', textOf(' ')), turn('assistant', textOf('Go on.')), turn('user', textOf(PROMPT))],
  },
  'cache-points': {
    turns: [
      turn('user', { ...textOf('Hello.'), cachePoint: true }),
      turn('assistant', textOf('Hello.')),
      turn('user', textOf(PROMPT)),
    ],
  },
  'empty-required': { tools: [toolOf({ type: 'object', properties: { path: { type: 'string' } }, required: [] })] },
  environment: {
    system: [
      {
        at: 'probe',
        text: '<env>\nWorking directory: /home/me/project\nPlatform: linux\n</env>',
        cachePoint: false,
      },
    ],
  },
  'history-start': { turns: [turn('assistant', textOf('Hello.')), turn('user', textOf(PROMPT))] },
  'schema-constraints': {
    tools: [
      toolOf({
        type: 'object',
        properties: {
          path: { type: 'string', pattern: '^[a-z.]+$', minLength: 1, maxLength: 200 },
          lines: { type: 'integer', minimum: 1, maximum: 100 },
        },
      }),
    ],
  },
  'task-fields': {},
  'token-type': {},
  'tool-description-length': {
    tools: [{ ...TOOL, description: 'Reads a file. '.repeat(LONG_DESCRIPTION_CHARS / 14) }],
  },
  'tool-name-start': { tools: [{ ...TOOL, name: '1_read_file' }] },
};

export const PROBES: UpstreamProbes = {
  control: (model) => conversationOf(model, {}),
  questions: Object.entries(CONVERSATIONS).map(([id, change]): ProbeQuestion => {
    // Object.entries loses the type of the keys.
    return { ...ruleOf(id as AskedRuleId), conversation: (model) => conversationOf(model, change) };
  }),
  window: ruleOf('context-window'),
};

function ruleOf(rule: ReadingRuleId): ProbedRule {
  const { question, readings, safest } = READING_RULES[rule];
  const bold = Object.keys(readings).find((reading) => reading !== safest) ?? safest;
  return { rule, question, bold, safe: safest };
}

function conversationOf(model: string, change: Partial<Conversation>): Conversation {
  return {
    model,
    system: [],
    turns: [turn('user', textOf(PROMPT))],
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolUse: true,
    reasoning: { mode: 'unset' },
    output: { maxTokens: undefined, stopSequences: [], format: { type: 'text' } },
    key: undefined,
    ...change,
  };
}

function turn(role: Turn['role'], ...parts: Turn['parts']): Turn {
  return { at: 'probe', role, parts };
}

function textOf(text: string) {
  return { type: 'text', at: 'probe', text } as const;
}

function toolOf(inputSchema: Tool['inputSchema']): Tool {
  return { at: 'probe', name: 'read_file', description: 'Reads a file.', inputSchema };
}
