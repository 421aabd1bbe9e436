/** Who speaks in a message, by the names that the dialects have for the same roles, in upper or lower case. */
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

/** Undefined for an unknown role, or none. */
export function roleOf({ role }: JsonObject): Role | undefined {
  return typeof role === 'string' ? ROLES.get(role.toLowerCase()) : undefined;
}

/** Notes a role that is not the called API's own. */
export function noteRole(role: string, at: string, reading: Reading): void {
  const name = role.toLowerCase();
  if (name === 'model') reading.spelled('gemini', 'model message', at);
  else if (name === 'human' || name === 'ai') reading.spelled('langchain', `${name} message`, at);
  else if (name === 'tool' || name === 'function') reading.spelled('openai-chat', `${name} message`, at);
  else if (name === 'developer' && reading.api === 'anthropic') reading.spelled('openai-chat', 'developer message', at);
}
