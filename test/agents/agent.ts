/** The interface of an agent for the common sessions: installing it, connecting it to the gateway, prompting it. */
import type { TestGateway } from '../support/test-gateway.ts';
import type { Finished } from './process.ts';
import type { Sandbox } from './sandbox.ts';

export type Dialect = 'openai-chat' | 'openai-responses' | 'anthropic-messages';

export interface Session {
  readonly gateway: TestGateway;
  readonly sandbox: Sandbox;
  readonly dialect: Dialect;
  readonly prompt: string;
  /** Continues the last session in the sandbox's folder. */
  readonly again?: boolean;
  readonly interruptWhen?: Promise<unknown>;
}

export interface AgentRun extends Finished {
  /** The model's text as the agent shows it. */
  readonly text: string;
}

export interface Agent {
  readonly version: string;
  run(session: Session): Promise<AgentRun>;
}

export interface AgentKind {
  readonly name: string;
  readonly dialects: readonly Dialect[];
  /** Its reaction to a conversation that is too long for the model. */
  readonly onOverflow: 'compacts' | 'says-so';
  install(): Promise<Agent>;
  /** Lines for the simulator's model: read the file, replace milk by oat milk, and write it in capitals to shout.txt. */
  readonly steps: (file: string) => readonly string[];
}

export const MODEL = 'claude-sonnet-4.5';
export const SHOUT = 'tr a-z A-Z < notes.txt > shout.txt && cat shout.txt';

/** One line for the simulator's model: the tool to call and its input. */
export function use(tool: string, input: object): string {
  return `use ${tool} ${JSON.stringify(input)}`;
}
