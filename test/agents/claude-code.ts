/** Claude Code, headless, with every switch for telemetry, updates and other side traffic off. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type InstalledAgent, installAgent } from './install.ts';

export interface ClaudeRun {
  /** One JSON object a line, as `--output-format stream-json` prints them. */
  readonly messages: readonly ClaudeMessage[];
  readonly exitCode: number | null;
  readonly stderr: string;
  /** The last `result` message's text. */
  readonly result: string;
  readonly isError: boolean;
}

export interface ClaudeMessage {
  readonly type: string;
  readonly subtype?: string;
  readonly result?: string;
  readonly is_error?: boolean;
  readonly [key: string]: unknown;
}

export interface ClaudeOptions {
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly proxyUrl: string;
  readonly home: string;
  readonly folder: string;
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
    const child = spawn(this.#binary, [...args, '--model', options.model, ...(options.args ?? [])], {
      cwd: options.folder,
      env: environment(options),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(options.prompt);
    void options.interruptWhen?.then(() => child.kill('SIGINT'));

    let stderr = '';
    child.stderr.on('data', (bytes) => {
      stderr += bytes;
    });
    const messages: ClaudeMessage[] = [];
    const exited = new Promise<number | null>((done) => child.once('close', done));
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('{')) messages.push(JSON.parse(line));
    }
    const exitCode = await exited;
    const last = messages.findLast((message) => message.type === 'result');
    return { messages, exitCode, stderr, result: last?.result ?? '', isError: last?.is_error ?? true };
  }
}

function environment(options: ClaudeOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: options.home,
    TMPDIR: process.env.TMPDIR ?? '/tmp',
    SHELL: '/bin/bash',
    IS_SANDBOX: '1',
    ANTHROPIC_BASE_URL: options.gatewayUrl,
    ANTHROPIC_AUTH_TOKEN: options.apiKey,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
    HTTP_PROXY: options.proxyUrl,
    HTTPS_PROXY: options.proxyUrl,
    NO_PROXY: '127.0.0.1,localhost',
    ...options.env,
  };
}
