/** The built-in model's view of a request: the latest user text, tool calls since, results and tools. */
import type { ChatMessage, ToolSpecification, UserInputMessage } from '../../upstreams/codewhisperer/wire.ts';
import { type CheckedChat, isUser, toolResultsOf, toolUsesOf } from '../rules/rule.ts';
import { findWantedJson, type WantedJson } from './wanted-json.ts';

export interface Reading {
  /** The latest user text, without the agent's additions; may be empty. */
  readonly human: string;
  /** The user text before that. */
  readonly earlierHuman: string;
  /** Number of tool calls since the latest user text, and since the earlier one. */
  readonly usesSince: number;
  readonly usesSinceEarlier: number;
  /** Texts of the current message's tool results. */
  readonly results: readonly string[];
  readonly hasFailedResult: boolean;
  readonly tools: readonly ToolSpecification[];
  /** The first message, where clients put their instructions, unless it holds the latest user text. */
  readonly instructions: string;
  readonly attachments: readonly string[];
  /** Undefined if the reply need not be JSON. */
  readonly wantedJson: WantedJson | undefined;
}

export function readConversation({ messages, current, tools }: CheckedChat): Reading {
  const spoken = messages.flatMap((message, index) => {
    const words = isUser(message) ? humanWords(message.userInputMessage.content) : '';
    return words === '' ? [] : [{ index, words }];
  });
  const latest = spoken.at(-1);
  const earlier = spoken.at(-2);
  const first = messages[0];
  const results = toolResultsOf(messages.at(-1));
  return {
    human: latest?.words ?? '',
    earlierHuman: earlier?.words ?? '',
    usesSince: countUses(messages, latest?.index),
    usesSinceEarlier: countUses(messages, earlier?.index),
    results: results.map(({ content }) =>
      content.map((block) => ('text' in block ? block.text : JSON.stringify(block.json))).join('\n'),
    ),
    hasFailedResult: results.some(({ status }) => status === 'error'),
    tools,
    instructions: first && isUser(first) && latest?.index !== 0 ? first.userInputMessage.content : '',
    attachments: attachmentsOf(current),
    wantedJson: findWantedJson(messages.filter(isUser).map(({ userInputMessage }) => userInputMessage.content)),
  };
}

/** What agents add to the user's text: Claude Code, Codex and Copilot CLI, Cline and Roo Code. */
const ADDITIONS = /<(system-reminder|environment_context|environment_details)>[\s\S]*?<\/\1>/g;

function humanWords(content: string): string {
  return content.replace(ADDITIONS, '').trim();
}

function countUses(messages: readonly ChatMessage[], from = 0): number {
  return messages.slice(from).reduce((sum, message) => sum + toolUsesOf(message).length, 0);
}

function attachmentsOf({ images = [], documents = [] }: UserInputMessage): string[] {
  const counted = (count: number, what: string, formats: readonly string[]) =>
    count === 0 ? [] : [`${count} ${what}${count === 1 ? '' : 's'} (${formats.join(', ')})`];
  return [
    ...counted(
      images.length,
      'image',
      images.map(({ format }) => format),
    ),
    ...counted(
      documents.length,
      'document',
      documents.map(({ format }) => format),
    ),
  ];
}
