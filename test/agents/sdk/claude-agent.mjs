/**
 * A session of the Claude Agent SDK that reads a file with a tool; prints its last answer as JSON.
 * Arguments: the folder of modules, the model, the prompt. Environment: as for Claude Code.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [, , modules, model, prompt] = process.argv;
const require = createRequire(`${modules}/claude-agent.cjs`);
const { query } = await import(pathToFileURL(require.resolve('@anthropic-ai/claude-agent-sdk')).href);

const options = { model, permissionMode: 'bypassPermissions', allowDangerouslySkipPermissions: true };
for await (const message of query({ prompt, options })) {
  if (message.type === 'result') process.stdout.write(JSON.stringify({ answer: message.result ?? message.errors }));
}
