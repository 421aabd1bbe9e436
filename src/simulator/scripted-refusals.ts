/** Refusals by host, form and body that a script adds to the simulator's own rules: what the service may take to refusing. */
import type { Call } from './call.ts';
import { Refused } from './refusal.ts';
import type { ScriptedRefusal } from './script.ts';
import type { World } from './world.ts';

/** Throws Refused for the first rule that applies. */
export function checkScripted(call: Call, { refusals, chatCount }: Pick<World, 'refusals' | 'chatCount'>): void {
  for (const { when, refuse } of refusals) if (applies(when, call, chatCount)) throw new Refused(refuse, 'script');
}

const CHATS: readonly string[] = ['GenerateAssistantResponse', 'SendMessage'];

function applies(when: ScriptedRefusal['when'], call: Call, chatCount: number): boolean {
  const { host, flavour, operation, afterChats = 0, body, userAgent } = when;
  const isMeant = host === undefined && operation === undefined ? CHATS.includes(call.operation ?? '') : true;
  return (
    isMeant &&
    (host === undefined || host === call.host) &&
    (flavour === undefined || flavour === call.flavour) &&
    (operation === undefined || operation === call.operation) &&
    chatCount >= afterChats &&
    (body === undefined || patternOf(body).test(call.rawBody.toString('utf8'))) &&
    (userAgent === undefined || patternOf(userAgent).test(call.headers['user-agent'] ?? ''))
  );
}

const PATTERNS = new Map<string, RegExp>();

function patternOf(source: string): RegExp {
  const known = PATTERNS.get(source) ?? new RegExp(source);
  PATTERNS.set(source, known);
  return known;
}
