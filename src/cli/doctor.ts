/** `dragoman doctor`: checks everything that an answer depends on, and says what to do about each fault. */
import type { Composed } from '../compose.ts';
import type { LoadedSettings } from '../config.ts';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import type { Finding } from './doctor/finding.ts';
import { settingOptions, settingsOf } from './settings-of.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Check settings, network, database and accounts, and ask for a first answer',
  argument: {
    name: 'learnt',
    meaning:
      '`learnt`: show what the service has taught about each account instead, or about the account named after it; with `--probe`: the account to probe',
  },
  options: [
    { flag: '--no-answer', meaning: 'do not ask a model; the answer costs a fraction of a credit' },
    { flag: '--probe', meaning: 'ask on your account how the service reads contested rules, and store it' },
    { flag: '--yes', meaning: 'with `--probe`: do not prompt' },
    { flag: '--reset', meaning: 'with `learnt`: forget it' },
    {
      flag: '--request <file>',
      meaning:
        'check a captured request instead: a body of any API, a curl command, a HAR or a capsule; nothing is sent',
    },
    {
      flag: '--send',
      meaning:
        'with `--request`: send it, and if the service refuses it, find the part at fault; about a dozen requests',
    },
    { flag: '--learn', meaning: 'with `--send`: store the rule that was found for the account' },
    ...settingOptions('database', 'upstream'),
  ],
  examples: [
    'dragoman doctor',
    'dragoman doctor --no-answer --json',
    'dragoman doctor --probe',
    'dragoman doctor learnt',
    'dragoman doctor learnt --reset',
    'dragoman doctor --request body.json',
    'dragoman doctor --request capsule.json --send --learn',
  ],
  async run(input) {
    const [topic, ...rest] = input.args;
    if (topic === 'learnt') return (await import('./doctor/learnt.ts')).showLearnt(input, rest.join(' ') || undefined);
    if (input.options.probe === true) return (await import('./doctor/probe.ts')).probe(input, input.argument);
    if (topic !== undefined) throw new UsageError('`dragoman doctor` takes no argument but `learnt`.');
    const file = textOption(input, 'request');
    if (file !== undefined) return (await import('./doctor/request.ts')).examineRequest(input, file);
    if (input.options.send === true || input.options.learn === true)
      throw new UsageError('--send and --learn need --request FILE.');
    const { findingText, summaryText } = await import('./doctor/finding.ts');
    const { terminal, json } = input;
    const findings: Finding[] = [];
    for await (const finding of examine(input)) {
      findings.push(finding);
      if (!json) terminal.say(findingText(finding, terminal));
    }
    const isWell = findings.every(({ status }) => status !== 'failed');
    if (json) printJson(terminal, { ok: isWell, findings });
    else terminal.say(`\n${summaryText(findings)}`);
    return isWell ? 0 : 1;
  },
};

/** Each finding as soon as it is known. What depends on something that failed is not checked. */
async function* examine(input: CommandInput): AsyncGenerator<Finding> {
  const { settingsFindings, settingsFailures, programFinding } = await import('./doctor/installation.ts');
  yield programFinding();
  let loaded: LoadedSettings;
  try {
    loaded = settingsOf(input);
  } catch (cause) {
    yield* settingsFailures(cause);
    return;
  }
  yield* settingsFindings(loaded);
  yield* examineGateway(input, loaded);
}

async function* examineGateway(input: CommandInput, loaded: LoadedSettings): AsyncGenerator<Finding> {
  const [{ composeGateway }, { commandLog }, { failedWith }, { databaseFindings }] = await Promise.all([
    import('../compose.ts'),
    import('./command-log.ts'),
    import('./doctor/finding.ts'),
    import('./doctor/installation.ts'),
  ]);
  // The findings say everything that the log would.
  const log = commandLog({ ...loaded, warnings: [] }, input.terminal, 'silent');
  let composed: Composed;
  try {
    composed = await composeGateway(loaded.settings, log, input.overrides);
  } catch (cause) {
    yield failedWith({ check: 'database' }, cause);
    return;
  }
  try {
    yield* await databaseFindings(composed, loaded);
    yield* examineService(input, loaded, composed);
  } finally {
    await composed.close();
  }
}

async function* examineService(
  { options }: CommandInput,
  { settings }: LoadedSettings,
  composed: Composed,
): AsyncGenerator<Finding> {
  const [{ networkFindings }, { accountFindings }, { answerFindings }, { loadWireProfiles }] = await Promise.all([
    import('./doctor/network.ts'),
    import('./doctor/accounts.ts'),
    import('./doctor/answer.ts'),
    import('../compose-profiles.ts'),
  ]);
  const profiles = await loadWireProfiles(settings);
  yield* networkFindings(composed.accounts.list(), settings);
  yield* accountFindings(composed, (kind) => profiles.orderFor(kind, settings.wireProfile));
  if (composed.accounts.list().length > 0)
    yield* answerFindings(composed, options.answer !== false, settings.firstByteTimeoutMs);
}
