/** What the built-in model takes in of a request: the person's latest words, what was done since, what is at hand. */
import type { ChatMessage, ToolSpecification, UserInputMessage } from '../../upstreams/codewhisperer/wire.ts';
import { type CheckedChat, isUser, toolResultsOf, toolUsesOf } from '../rules/rule.ts';
import { findWantedJson, type WantedJson } from './wanted-json.ts';

export interface Reading {
  /** The person's latest words, without what their agent put around them; empty: there are none. */
  readonly human: string;
  /** The person's words before those. */
  readonly earlierHuman: string;
  /** Tool calls made since the latest words, and since the earlier ones. */
  readonly usesSince: number;
  readonly usesSinceEarlier: number;
  /** Texts of the current message's tool results. */
  readonly results: readonly string[];
  readonly hasFailedResult: boolean;
  readonly tools: readonly ToolSpecification[];
  /** The opening message, where clients put their instructions, when the latest words are not in it. */
  readonly instructions: string;
  readonly attachments: readonly string[];
  /** Undefined: the answer may be anything. */
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

/** Agents add reminders of their own to what a person wrote. */
function humanWords(content: string): string {
  return content.replace(/<system-reminder>[\s\S]*?<\/system-reminder>/g, '').trim();
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
