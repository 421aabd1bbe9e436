/** `dragoman doctor learnt`: what the service has shown about each account, which later requests use. */
import type { Account } from '../../accounts/ports.ts';
import type { LearnedView } from '../../http/admin/contract/learned.ts';
import { toLearnedView } from '../../http/admin/learned-view.ts';
import { systemClock } from '../../transport/clock.ts';
import { findAccount } from '../account-argument.ts';
import { type CommandInput, printJson } from '../command.ts';
import { openGateway } from '../open-gateway.ts';
import { fittedTable } from '../terminal.ts';

/** `reference`: one account; undefined: all. */
export async function showLearnt(input: CommandInput, reference: string | undefined): Promise<number> {
  const { terminal, json, options } = input;
  await using opened = await openGateway(input);
  const all = opened.accounts.list();
  const accounts = reference === undefined ? all : [findAccount(reference, all)];
  const shown: Account[] = [];
  for (const account of accounts) {
    if (options.reset !== true) shown.push(account);
    else {
      shown.push(await opened.accounts.forgetLearned(account.id));
      await opened.record({ action: 'account.reset-learned', target: account.id, changes: [] });
    }
  }
  const nowMs = systemClock.now();
  const views = shown.map(({ id, label, learned }) => ({ id, label, ...toLearnedView(learned, nowMs) }));
  if (json) printJson(terminal, { accounts: views });
  else if (views.length === 0) terminal.say('No account is stored. Sign in with `dragoman login`.\n');
  else if (options.reset === true) for (const { label } of views) terminal.out(`Reset: ${label}.\n`);
  else for (const view of views) terminal.out(textOf(view, input));
  return 0;
}

function textOf(view: LearnedView & Pick<Account, 'id' | 'label'>, { terminal }: CommandInput): string {
  const { id, label, wireProfile, closingEvents, readings, profileArn } = view;
  const rows = [
    ['wire profile', wireProfile ? `${wireProfile.id} until ${wireProfile.until}` : 'the first of its kind'],
    ...(wireProfile?.refused ?? []).map((refused) => [
      'refused',
      `${refused.id} at ${refused.at}, ${refused.code}: ${refused.message}`,
    ]),
    ['closing events', closingEvents.join(' ') || '–'],
    ...readings.map(({ wireProfile: profile, rule, reading, at }) => [
      'rule',
      `${rule} is ${reading} under ${profile}, probed at ${at}`,
    ]),
    ['profile', profileArn ?? '–'],
  ];
  return `${terminal.style('bold', label)} (${id})\n${fittedTable(rows, terminal.columns)}\n`;
}
