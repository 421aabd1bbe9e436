/** The set-up of each client, with this gateway's address, the reader's key and a model filled in. As in docs/clients. */

export interface ConnectContext {
  /** `https://gateway.example.com`, without `/v1`. */
  readonly baseUrl: string;
  readonly clientKey: string;
  readonly model: string;
}

/** A piece to copy: for a terminal, for a file, or a value for a field of a program's settings. */
export type SetupStep =
  | { readonly type: 'terminal'; readonly code: string }
  | { readonly type: 'file'; readonly file: string; readonly code: string }
  | { readonly type: 'field'; readonly name: string; readonly value: string };

export interface ConnectClient {
  readonly id: string;
  /** A name of its own, the same in every language. */
  readonly name: string;
  /** A text of the catalogue: `notes`. */
  readonly note?: 'cursor' | 'openWebui' | 'claudeDesktop';
  readonly steps: (context: ConnectContext, fields: FieldNames) => readonly SetupStep[];
}

/** Names of fields in the settings of programs that are translated. */
interface FieldNames {
  readonly cursor: { readonly key: string; readonly url: string; readonly model: string };
  readonly openWebui: { readonly url: string; readonly key: string };
}

export const CLIENTS: readonly ConnectClient[] = [
  {
    id: 'claude-code',
    name: 'Claude Code',
    note: 'claudeDesktop',
    steps: ({ baseUrl, clientKey: key, model }) => [
      {
        type: 'terminal',
        code: `export ANTHROPIC_BASE_URL=${baseUrl}\nexport ANTHROPIC_AUTH_TOKEN=${key}\nclaude --model ${model}`,
      },
    ],
  },
  {
    id: 'codex',
    name: 'Codex',
    steps: ({ baseUrl, clientKey: key, model }) => [
      {
        type: 'file',
        file: '~/.codex/config.toml',
        code: `model = "${model}"
model_provider = "dragoman"

[model_providers.dragoman]
name = "dragoman"
base_url = "${baseUrl}/v1"
wire_api = "responses"

[model_providers.dragoman.auth]
command = "printenv"
args = ["GATEWAY_API_KEY"]
`,
      },
      { type: 'terminal', code: `export GATEWAY_API_KEY=${key}\ncodex` },
    ],
  },
  {
    id: 'opencode',
    name: 'opencode',
    steps: ({ baseUrl, clientKey: key, model }) => [
      {
        type: 'file',
        file: 'opencode.json',
        code: `${JSON.stringify(
          {
            $schema: 'https://opencode.ai/config.json',
            provider: {
              dragoman: {
                npm: '@ai-sdk/openai-compatible',
                name: 'dragoman',
                options: { baseURL: `${baseUrl}/v1`, apiKey: key },
                models: { [model]: { name: model, limit: { context: 200_000, output: 64_000 } } },
              },
            },
            model: `dragoman/${model}`,
          },
          null,
          2,
        )}\n`,
      },
    ],
  },
  {
    id: 'cursor',
    name: 'Cursor',
    note: 'cursor',
    steps: ({ baseUrl, clientKey: key }, { cursor }) => [
      { type: 'field', name: cursor.key, value: key },
      { type: 'field', name: cursor.url, value: `${baseUrl}/v1` },
      { type: 'field', name: cursor.model, value: 'dragoman' },
    ],
  },
  {
    id: 'continue',
    name: 'Continue',
    steps: ({ baseUrl, clientKey: key, model }) => [
      {
        type: 'file',
        file: '~/.continue/config.yaml',
        code: `name: dragoman
version: 1.0.0
schema: v1
models:
  - name: ${model}
    provider: openai
    model: ${model}
    apiBase: ${baseUrl}/v1/
    apiKey: ${key}
    roles: [chat, edit, apply]
    capabilities: [tool_use, image_input]
`,
      },
    ],
  },
  {
    id: 'open-webui',
    name: 'Open WebUI',
    note: 'openWebui',
    steps: ({ baseUrl, clientKey: key }, { openWebui }) => [
      { type: 'field', name: openWebui.url, value: `${baseUrl}/v1` },
      { type: 'field', name: openWebui.key, value: key },
    ],
  },
  {
    id: 'openai-python',
    name: 'OpenAI SDK (Python)',
    steps: ({ baseUrl, clientKey: key, model }) => [
      { type: 'terminal', code: openAiEnvironment(baseUrl, key) },
      {
        type: 'file',
        file: 'chat.py',
        code: `from openai import OpenAI

client = OpenAI()
with client.chat.completions.stream(
    model="${model}",
    messages=[{"role": "user", "content": "Why is the sky blue?"}],
) as stream:
    for event in stream:
        if event.type == "content.delta":
            print(event.delta, end="", flush=True)
`,
      },
    ],
  },
  {
    id: 'openai-js',
    name: 'OpenAI SDK (JavaScript)',
    steps: ({ baseUrl, clientKey: key, model }) => [
      { type: 'terminal', code: openAiEnvironment(baseUrl, key) },
      {
        type: 'file',
        file: 'chat.js',
        code: `import OpenAI from 'openai';

const client = new OpenAI();
const response = await client.responses.create({ model: '${model}', input: 'Why is the sky blue?' });
console.log(response.output_text);
`,
      },
    ],
  },
  {
    id: 'anthropic-python',
    name: 'Anthropic SDK (Python)',
    steps: ({ baseUrl, clientKey: key, model }) => [
      { type: 'terminal', code: `export ANTHROPIC_BASE_URL=${baseUrl}\nexport ANTHROPIC_API_KEY=${key}` },
      {
        type: 'file',
        file: 'chat.py',
        code: `from anthropic import Anthropic

client = Anthropic()
with client.messages.stream(
    model="${model}",
    max_tokens=4000,
    messages=[{"role": "user", "content": "Why is the sky blue?"}],
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
`,
      },
    ],
  },
  {
    id: 'curl',
    name: 'curl',
    steps: ({ baseUrl, clientKey: key, model }) => [
      {
        type: 'terminal',
        code: `curl -N ${baseUrl}/v1/chat/completions \\
  -H 'authorization: Bearer ${key}' -H 'content-type: application/json' \\
  -d '{"model":"${model}","stream":true,"messages":[{"role":"user","content":"Hello!"}]}'`,
      },
    ],
  },
];

function openAiEnvironment(baseUrl: string, key: string): string {
  return `export OPENAI_BASE_URL=${baseUrl}/v1\nexport OPENAI_API_KEY=${key}`;
}
