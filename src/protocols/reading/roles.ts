/** The role names of every dialect, in any case. */
import type { JsonObject } from '../../core/json.ts';
import type { Reading } from './reading.ts';

type Role = 'instruction' | 'user' | 'assistant' | 'result';

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ['system', 'instruction'],
  ['developer', 'instruction'],
  ['user', 'user'],
  ['human', 'user'],
  ['assistant', 'assistant'],
  ['model', 'assistant'],
  ['ai', 'assistant'],
  ['tool', 'result'],
  ['function', 'result'],
]);

/** undefined for an unknown or missing role. */
export function roleOf({ role }: JsonObject): Role | undefined {
  // Hardly any role is spelled otherwise.
  return typeof role === 'string' ? (ROLES.get(role) ?? ROLES.get(role.toLowerCase())) : undefined;
}

/** Notes a role that belongs to another API. */
export function noteRole(role: string, at: string, reading: Reading): void {
  if (role === 'user' || role === 'assistant' || role === 'system') return;
  const name = role.toLowerCase();
  if (name === 'model') reading.spelled('gemini', 'model message', at);
  else if (name === 'human' || name === 'ai') reading.spelled('langchain', `${name} message`, at);
  else if (name === 'tool' || name === 'function') reading.spelled('openai-chat', `${name} message`, at);
  else if (name === 'developer' && reading.api === 'anthropic') reading.spelled('openai-chat', 'developer message', at);
}
