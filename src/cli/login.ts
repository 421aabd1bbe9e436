/** `dragoman login`: signs in by device flow and stores the account. Until the person has said yes, nothing is stored. */
import type { SignIn } from '../compose-sign-in.ts';
import { type Command, type CommandInput, printJson, textOption } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const login: Command = {
  name: 'login',
  summary: 'signs in (device flow) and stores the account',
  options: [
    { flag: '--start-url <url>', meaning: "your organisation's start URL; without it your AWS Builder ID" },
    { flag: '--region <region>', meaning: 'the AWS region of the sign-in' },
    { flag: '--profile-arn <arn>', meaning: 'the profile to use, if your organisation has several' },
    { flag: '--label <text>', meaning: 'how to call this account' },
    { flag: '--open', meaning: 'open the page in a browser (usual on a terminal of this machine)' },
    { flag: '--no-open', meaning: 'only print the address' },
    ...settingOptions('database', 'upstream'),
  ],
  examples: ['dragoman login', 'dragoman login --start-url https://example.awsapps.com/start --region eu-central-1'],
  async run(input) {
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    process.once('SIGINT', leave).once('SIGTERM', leave);
    try {
      await using opened = await openGateway(input);
      const options = {
        startUrl: textOption(input, 'startUrl'),
        region: textOption(input, 'region'),
        profileArn: textOption(input, 'profileArn'),
        label: textOption(input, 'label'),
      };
      const signIn = await opened.signIn(options, leaving.signal);
      await announce(input, signIn);
      const account = await waitFor(input, signIn, leaving.signal);
      const { id, label } = account;
      if (input.json) printJson(input.terminal, { event: 'signed-in', account: { id, label } });
      else
        input.terminal.out(
          `Signed in: ${input.terminal.style('green', label)} (${id}). \`dragoman chat "Hello"\` tries it.\n`,
        );
      return 0;
    } finally {
      process.off('SIGINT', leave).off('SIGTERM', leave);
    }
  },
};

async function announce({ terminal, json, options }: CommandInput, signIn: SignIn): Promise<void> {
  const { verificationUrl, userCode, expiresAtMs } = signIn;
  if (json) {
    return printJson(terminal, {
      event: 'waiting',
      verificationUrl,
      userCode,
      expiresAt: new Date(expiresAtMs).toISOString(),
    });
  }
  terminal.out(
    `Open ${terminal.style('cyan', verificationUrl)}\nand confirm the code ${terminal.style('bold', userCode)}\n`,
  );
  const { isGraphical, openBrowser } = await import('./browser.ts');
  if (options.open ?? (terminal.isInteractive && isGraphical(process.env))) openBrowser(verificationUrl);
}

/** With a countdown where a person sees it. */
async function waitFor({ terminal, json }: CommandInput, signIn: SignIn, signal: AbortSignal) {
  if (json || !terminal.isInteractive) return signIn.wait(signal);
  const { spinner } = await import('@clack/prompts');
  const shown = spinner();
  // The spinner takes Ctrl-C for itself and would end the process as if all were well.
  const cancelled = () => {
    process.exitCode = 130;
  };
  process.once('exit', cancelled);
  shown.start(remaining(signIn));
  const ticking = setInterval(() => shown.message(remaining(signIn)), 1_000);
  try {
    const account = await signIn.wait(signal);
    shown.stop('Confirmed');
    return account;
  } catch (cause) {
    shown.error('Not signed in');
    throw cause;
  } finally {
    clearInterval(ticking);
    process.off('exit', cancelled);
  }
}

function remaining({ expiresAtMs }: SignIn): string {
  const leftS = Math.max(0, Math.ceil((expiresAtMs - Date.now()) / 1000));
  return `Waiting for you: ${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, '0')} left`;
}
