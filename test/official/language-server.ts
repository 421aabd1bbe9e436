/** AWS's language server as an editor runs it: started over stdio, signed in, asked for chat and completions. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { Sandbox } from '../agents/sandbox.ts';

/** An answer, or the message of a failure. */
export interface ChatMessage {
  readonly body?: string;
  readonly messageId?: string;
  /** For a failure: what the editor should offer, such as signing in again. */
  readonly followUp?: { readonly options?: readonly { readonly type?: string }[] };
  /** Shown before the last answer: texts between tool calls, and the tools' actions. */
  readonly additionalMessages?: readonly { readonly body?: string; readonly type?: string }[];
}

export interface InlineCompletions {
  readonly sessionId: string;
  readonly items: readonly { readonly insertText: string; readonly references?: readonly object[] }[];
}

/** The used part of vscode-jsonrpc, which is installed with the server. */
interface JsonRpc {
  createMessageConnection(reader: object, writer: object): Connection;
  StreamMessageReader: new (stream: Readable) => object;
  StreamMessageWriter: new (stream: Writable) => object;
}

interface Connection {
  listen(): void;
  dispose(): void;
  sendRequest<Result>(method: string, params: object): Promise<Result>;
  sendNotification(method: string, params: object): Promise<void>;
  onRequest(method: string, answer: (params: { items?: readonly { section: string }[] }) => unknown): void;
  onUnhandledNotification(handler: (message: { readonly method: string; readonly params?: unknown }) => void): void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const CLIENT = {
  name: 'AmazonQ-For-VSCode',
  version: '1.100.0',
  extension: { name: 'AmazonQ-For-VSCode', version: '1.100.0' },
  clientId: '11111111-2222-4333-8444-555555555555',
};

/** The editor's settings for the server. */
const SETTINGS: Readonly<Record<string, object>> = {
  'aws.q': { optOutTelemetry: true },
  'aws.codeWhisperer': { includeSuggestionsWithCodeReferences: true, shareCodeWhispererContentWithAWS: false },
};

export class LanguageServer {
  readonly #child: Child;
  readonly #connection: Connection;
  readonly #folder: string;
  readonly notifications: { readonly method: string; readonly params?: unknown }[] = [];
  stderr = '';
  #prompts = 0;

  private constructor(child: Child, connection: Connection, folder: string) {
    this.#child = child;
    this.#connection = connection;
    this.#folder = folder;
  }

  /** `packages`: the folder it is installed in. */
  static async start(packages: string, upstreamUrl: string, { folder, home }: Sandbox): Promise<LanguageServer> {
    const child = spawn(process.execPath, [resolve(import.meta.dirname, 'serve-language-server.ts'), '--stdio'], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        LANGUAGE_SERVER_FOLDER: packages,
        AWS_Q_REGION: 'us-east-1',
        AWS_Q_ENDPOINT_URL: upstreamUrl,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const rpc: JsonRpc = createRequire(join(packages, 'package.json'))('vscode-jsonrpc/node');
    const connection = rpc.createMessageConnection(
      new rpc.StreamMessageReader(child.stdout),
      new rpc.StreamMessageWriter(child.stdin),
    );
    const server = new LanguageServer(child, connection, folder);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      server.stderr += text;
    });
    // Rejects pending requests, which would otherwise wait forever.
    child.once('exit', () => connection.dispose());
    try {
      await server.#initialize();
    } catch (cause) {
      throw new Error(`The language server did not start:\n${server.stderr}`, { cause });
    }
    return server;
  }

  async #initialize(): Promise<void> {
    const uri = pathToFileURL(this.#folder).href;
    const connection = this.#connection;
    connection.onRequest('workspace/configuration', ({ items = [] }) =>
      items.map(({ section }) => SETTINGS[section] ?? {}),
    );
    for (const method of ['client/registerCapability', 'window/workDoneProgress/create', 'window/showMessageRequest'])
      connection.onRequest(method, () => null);
    connection.onUnhandledNotification((notification) => this.notifications.push(notification));
    connection.listen();
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ name: 'project', uri }],
      capabilities: { workspace: { configuration: true, workspaceFolders: true } },
      initializationOptions: {
        aws: { clientInfo: CLIENT, awsClientCapabilities: { q: { developerProfiles: false }, window: {} } },
      },
    });
    await connection.sendNotification('initialized', {});
  }

  async signIn(token: string): Promise<void> {
    await this.#connection.sendRequest('aws/credentials/token/update', {
      data: { token },
      encrypted: false,
      metadata: { sso: { startUrl: 'https://view.awsapps.com/start' } },
    });
  }

  async openTab(tabId: string): Promise<void> {
    await this.#connection.sendNotification('aws/chat/tabAdd', { tabId });
  }

  async leaveAgentMode(tabId: string): Promise<void> {
    const optionsValues = { 'pair-programmer-mode': 'false' };
    await this.#connection.sendNotification('aws/chat/promptInputOptionChange', { tabId, optionsValues });
  }

  /** `command`: the quick action that the prompt stands for, such as `/compact`. */
  async chat(tabId: string, prompt: string, command?: string): Promise<ChatMessage> {
    this.#prompts += 1;
    const result = await this.#connection.sendRequest<ChatMessage | { readonly data: ChatMessage }>(
      'aws/chat/sendChatPrompt',
      {
        tabId,
        prompt: { prompt, escapedPrompt: prompt, ...(command === undefined ? {} : { command }) },
        partialResultToken: `prompt ${this.#prompts}`,
      },
    );
    return 'data' in result ? result.data : result;
  }

  async listModels(tabId: string): Promise<{ readonly models: readonly { readonly id: string }[] }> {
    return this.#connection.sendRequest('aws/chat/listAvailableModels', { tabId });
  }

  /** The document's URI. */
  async openDocument(name: string, languageId: string, text: string): Promise<string> {
    const uri = pathToFileURL(join(this.#folder, name)).href;
    const textDocument = { uri, languageId, version: 1, text };
    await this.#connection.sendNotification('textDocument/didOpen', { textDocument });
    return uri;
  }

  async complete(uri: string, line: number, character: number): Promise<InlineCompletions> {
    return this.#connection.sendRequest('aws/textDocument/inlineCompletionWithReferences', {
      textDocument: { uri },
      position: { line, character },
      context: { triggerKind: 1 },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = new Promise((done) => this.#child.once('exit', done));
    this.#connection.dispose();
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null) await exited;
  }
}
