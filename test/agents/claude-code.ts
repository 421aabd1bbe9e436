/** Claude Code, headless, with telemetry, updates and all other side traffic disabled. */
import type { TestGateway } from '../support/test-gateway.ts';
import { type InstalledAgent, installAgent } from './install.ts';
import { jsonLines, runCommand } from './process.ts';
import type { Sandbox } from './sandbox.ts';

export interface ClaudeRun {
  /** One JSON object per line of `--output-format stream-json`. */
  readonly messages: readonly ClaudeMessage[];
  readonly exitCode: number | null;
  readonly stderr: string;
  /** The last `result` message's text. */
  readonly result: string;
  readonly isError: boolean;
}

interface ClaudeMessage {
  readonly type: string;
  readonly subtype?: string;
  readonly result?: string;
  readonly is_error?: boolean;
  readonly [key: string]: unknown;
}

export interface ClaudeOptions {
  readonly gateway: TestGateway;
  readonly sandbox: Sandbox;
  readonly model: string;
  readonly prompt: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Interrupts the run (as Ctrl-C does) when this promise settles. */
  readonly interruptWhen?: Promise<unknown>;
}

export class ClaudeCode {
  readonly version: string;
  readonly #binary: string;

  private constructor(version: string, binary: string) {
    this.version = version;
    this.#binary = binary;
  }

  static async install(): Promise<ClaudeCode> {
    const agent: InstalledAgent = await installAgent('@anthropic-ai/claude-code');
    const binary = agent.path(`@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`);
    return new ClaudeCode(agent.version, binary);
  }

  async run(options: ClaudeOptions): Promise<ClaudeRun> {
    const args = ['-p', '--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions'];
    const { exitCode, stdout, stderr } = await runCommand(
      {
        file: this.#binary,
        args: [...args, '--model', options.model, ...(options.args ?? [])],
        env: {
          IS_SANDBOX: '1',
          ANTHROPIC_BASE_URL: options.gateway.url,
          ANTHROPIC_AUTH_TOKEN: options.gateway.apiKey,
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          DISABLE_TELEMETRY: '1',
          DISABLE_ERROR_REPORTING: '1',
          DISABLE_AUTOUPDATER: '1',
          ...options.env,
        },
        input: options.prompt,
        interruptWhen: options.interruptWhen,
      },
      options.sandbox,
    );
    const messages = jsonLines<ClaudeMessage>(stdout);
    const last = messages.findLast((message) => message.type === 'result');
    return { messages, exitCode, stderr, result: last?.result ?? '', isError: last?.is_error ?? true };
  }
}
