/** `dragoman doctor learnt`: what the service has shown about each account, which later requests use. */
import type { LearnedFacts } from '../../accounts/ports.ts';
import { isoTime } from '../../core/times.ts';
import { type CommandInput, printJson } from '../command.ts';
import { openGateway } from '../open-gateway.ts';
import { table } from '../terminal.ts';

export async function showLearnt(input: CommandInput): Promise<number> {
  const { terminal, json } = input;
  await using opened = await openGateway(input);
  const accounts = opened.accounts.list().map(({ id, label, learned }) => ({ id, label, ...factsOf(learned) }));
  if (json) {
    printJson(terminal, { accounts });
    return 0;
  }
  if (accounts.length === 0) {
    terminal.say('No account is stored. Sign in with `dragoman login`.\n');
    return 0;
  }
  const rows = accounts.map(({ id, label, wireProfile, wireProfileUntil, closingEvents, profileArn }) => [
    id,
    label,
    wireProfile === null ? 'the first of its kind' : `${wireProfile} until ${wireProfileUntil}`,
    closingEvents.join(' ') || '–',
    profileArn ?? '–',
  ]);
  terminal.out(table([['account', 'label', 'wire profile', 'ends replies with closing events', 'profile'], ...rows]));
  return 0;
}

function factsOf({ wireProfile, closingEvents, profileArn }: LearnedFacts) {
  return {
    wireProfile: wireProfile?.id ?? null,
    wireProfileUntil: wireProfile ? isoTime(wireProfile.untilMs) : null,
    closingEvents: closingEvents ?? [],
    profileArn: profileArn ?? null,
  };
}
