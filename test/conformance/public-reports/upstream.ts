/** A chat request as the service received it, read without dragoman's own types. */
import type { RecordedRequest } from '../../../src/simulator/journal.ts';

interface Message {
  readonly content: string;
  readonly images?: readonly { readonly format: string; readonly source: { readonly bytes: string } }[];
  readonly modelId?: string;
  readonly userInputMessageContext?: { readonly tools?: readonly Tool[]; readonly toolResults?: readonly ToolResult[] };
  readonly toolUses?: readonly ToolUse[];
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly schema: object;
}

export interface ToolUse {
  readonly toolUseId: string;
  readonly name: string;
  readonly input: object;
}

export interface ToolResult {
  readonly toolUseId: string;
  readonly status: string;
  readonly content: readonly { readonly text?: string }[];
}

interface Body {
  readonly conversationState: {
    readonly history?: readonly Turn[];
    readonly currentMessage: Turn;
  };
  readonly additionalModelRequestFields?: {
    readonly output_config?: { readonly effort?: string };
    readonly reasoning?: { readonly effort?: string };
    readonly thinking?: { readonly type?: string };
  };
}

interface Turn {
  readonly userInputMessage?: Message;
  readonly assistantResponseMessage?: Message;
}

export class ChatRequest {
  readonly raw: string;
  readonly status: number | undefined;
  readonly #body: Body;
  readonly #turns: readonly Turn[];

  constructor({ rawBody, status }: RecordedRequest) {
    this.raw = rawBody;
    this.status = status;
    this.#body = JSON.parse(rawBody);
    const { history = [], currentMessage } = this.#body.conversationState;
    this.#turns = [...history, currentMessage];
  }

  get model(): string | undefined {
    return this.#body.conversationState.currentMessage.userInputMessage?.modelId;
  }

  get #messages(): readonly Message[] {
    return this.#turns.flatMap((turn) => turn.userInputMessage ?? turn.assistantResponseMessage ?? []);
  }

  /** Content of every message and every tool result, in order. */
  get texts(): readonly string[] {
    const results = this.results.flatMap(({ content }) => content.flatMap(({ text }) => text ?? []));
    return [...this.#messages.map(({ content }) => content), ...results];
  }

  get images(): readonly string[] {
    return this.#messages.flatMap(({ images = [] }) => images.map(({ source }) => source.bytes));
  }

  get tools(): readonly Tool[] {
    const tools = this.#messages.flatMap(({ userInputMessageContext }) => userInputMessageContext?.tools ?? []);
    return (tools as readonly object[]).flatMap((entry) => {
      if (!('toolSpecification' in entry)) return [];
      const { name, description, inputSchema } = entry.toolSpecification as Tool & { inputSchema: { json: object } };
      return [{ name, description, schema: inputSchema.json }];
    });
  }

  get uses(): readonly ToolUse[] {
    return this.#messages.flatMap(({ toolUses = [] }) => toolUses);
  }

  get results(): readonly ToolResult[] {
    return this.#messages.flatMap(({ userInputMessageContext }) => userInputMessageContext?.toolResults ?? []);
  }

  /** From settings or, for models without any, from tags in the text. */
  get reasons(): boolean {
    const { thinking, output_config, reasoning } = this.#body.additionalModelRequestFields ?? {};
    const isOff = thinking?.type === 'disabled' || reasoning?.effort === 'none';
    const bySettings = thinking !== undefined || output_config !== undefined || reasoning !== undefined;
    return (bySettings && !isOff) || this.thinkingTokens !== undefined;
  }

  get effort(): string | undefined {
    const { output_config, reasoning } = this.#body.additionalModelRequestFields ?? {};
    return output_config?.effort ?? reasoning?.effort;
  }

  /** From an older model's thinking tags: grows with the effort. */
  get thinkingTokens(): number | undefined {
    const [, tokens] = /<max_thinking_length>(\d+)<\/max_thinking_length>/.exec(this.texts.join('\n')) ?? [];
    return tokens === undefined ? undefined : Number(tokens);
  }
}
