/** `dragoman login`: signs in and stores the account. Nothing is stored before the user confirms. */
import { placeOf, type SignInRequest, type SocialProvider } from '../accounts/sign-in/place.ts';
import type { BrowserSignIn, ChooseProfile, SignIn, SigningIn } from '../compose-sign-in.ts';
import { every } from '../core/async.ts';
import { GatewayError } from '../core/errors.ts';
import { isoTime } from '../core/times.ts';
import { systemClock } from '../transport/clock.ts';
import { asUsage, type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { recordAccount } from './record-change.ts';
import { settingOptions } from './settings-of.ts';

export const login: Command = {
  name: 'login',
  summary: 'Sign in and store the account',
  options: [
    { flag: '--start-url <url>', meaning: "your organisation's start URL (default: AWS Builder ID)" },
    { flag: '--region <region>', meaning: 'AWS region of the sign-in' },
    { flag: '--social <provider>', meaning: 'sign in to Kiro with google or github instead of AWS' },
    { flag: '--device', meaning: 'confirm a code in a browser on any machine (default for AWS)' },
    { flag: '--browser', meaning: 'sign in through a browser on this machine (default for Kiro)' },
    { flag: '--iam', meaning: 'sign requests with keys of the AWS credential chain instead of signing in' },
    { flag: '--aws-profile <name>', meaning: 'with --iam: profile of ~/.aws/config' },
    { flag: '--profile-arn <arn>', meaning: 'profile to use if your organisation has several' },
    { flag: '--label <text>', meaning: 'display name of the account' },
    { flag: '--account <id>', meaning: 'sign in again to a stored account, replacing its credential' },
    {
      flag: '--proxy <address>',
      meaning: 'proxy for this account: http, https or socks5 address, or direct',
    },
    { flag: '--open', meaning: 'open the page in a browser (default on a local terminal)' },
    { flag: '--no-open', meaning: 'only print the address' },
    ...settingOptions('database', 'upstream'),
  ],
  examples: [
    'dragoman login',
    'dragoman login --start-url https://example.awsapps.com/start --region eu-central-1',
    'dragoman login --social github',
    'dragoman login --iam --aws-profile work --region us-east-1',
  ],
  async run(input) {
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    process.once('SIGINT', leave).once('SIGTERM', leave);
    try {
      const request = requestOf(input);
      const byBrowser = await usesBrowserHere(input);
      // Before anything is opened. The region stands for that of the settings.
      asUsage(() => placeOf(isIam(input) ? { ...request, social: undefined } : request, 'us-east-1'));
      await using opened = await openGateway(input);
      const stored = opened.accounts.list();
      const account = isIam(input)
        ? await opened.signInWithIam({ ...request, awsProfile: textOption(input, 'awsProfile') })
        : await signInInteractively(input, opened, request, byBrowser, leaving.signal);
      const { id, label } = account;
      const before = stored.find((one) => one.id === id);
      await recordAccount(opened, before ? 'account.change' : 'account.add', before, account);
      if (input.json) printJson(input.terminal, { event: 'signed-in', account: { id, label } });
      else
        input.terminal.say(
          `Signed in as ${input.terminal.style('green', label)} (${id}). Try it with \`dragoman chat "Hello"\`.\n`,
        );
      return 0;
    } finally {
      process.off('SIGINT', leave).off('SIGTERM', leave);
    }
  },
};

function isIam({ options }: CommandInput): boolean {
  const others = ['startUrl', 'social', 'device', 'browser', 'profileArn', 'account'];
  if (options.iam === true && others.some((name) => options[name] !== undefined && options[name] !== false))
    throw new UsageError('--iam does not sign in. It accepts only --region, --aws-profile, --label and --proxy.');
  if (options.iam !== true && options.awsProfile !== undefined) throw new UsageError('--aws-profile requires --iam.');
  return options.iam === true;
}

async function signInInteractively(
  input: CommandInput,
  opened: SigningIn,
  request: SignInRequest,
  byBrowser: boolean,
  signal: AbortSignal,
) {
  const signIn = byBrowser ? await opened.signInByBrowser(request, signal) : await opened.signIn(request, signal);
  await announce(input, signIn);
  return waitFor(input, signIn, signal);
}

function requestOf(input: CommandInput): SignInRequest {
  return {
    startUrl: textOption(input, 'startUrl'),
    region: textOption(input, 'region'),
    // Unchecked input: the sign-in validates it.
    social: textOption(input, 'social')?.toLowerCase() as SocialProvider | undefined,
    profileArn: textOption(input, 'profileArn'),
    label: textOption(input, 'label'),
    accountId: textOption(input, 'account'),
    proxy: textOption(input, 'proxy'),
  };
}

/** A code works anywhere; the browser flow redirects to this machine, so its browser must run here. */
async function usesBrowserHere({ options }: CommandInput): Promise<boolean> {
  if (options.device === true && options.browser === true)
    throw new UsageError('Pass --device or --browser, not both.');
  if (options.device === true || options.browser === true) return options.browser === true;
  const { isGraphical } = await import('./browser.ts');
  return options.social !== undefined && isGraphical(process.env);
}

async function announce({ terminal, json, options }: CommandInput, signIn: SignIn | BrowserSignIn): Promise<void> {
  const { verificationUrl, expiresAtMs } = signIn;
  const userCode = 'userCode' in signIn ? signIn.userCode : undefined;
  if (json) {
    return printJson(terminal, {
      event: 'waiting',
      verificationUrl,
      userCode,
      expiresAt: isoTime(expiresAtMs),
    });
  }
  const code = userCode === undefined ? '' : `\nand confirm the code ${terminal.style('bold', userCode)}`;
  terminal.out(`Open ${terminal.style('cyan', verificationUrl)}${code}\n`);
  const { isGraphical, openBrowser } = await import('./browser.ts');
  if (options.open ?? (terminal.isInteractive && isGraphical(process.env))) openBrowser(verificationUrl);
}

/** Waits for the sign-in, with a countdown on an interactive terminal. */
async function waitFor({ terminal, json }: CommandInput, signIn: BrowserSignIn, signal: AbortSignal) {
  if (json || !terminal.isInteractive) return signIn.wait(signal, chooseFirst(terminal, json));
  const { isCancel, select, spinner } = await import('@clack/prompts');
  const shown = spinner();
  // The spinner handles Ctrl-C itself and would exit with code 0.
  const setExitCode = () => {
    process.exitCode = 130;
  };
  process.once('exit', setExitCode);
  shown.start(remaining(signIn));
  const stopTicking = every(systemClock, 1_000, () => shown.message(remaining(signIn)));
  const choose: ChooseProfile = async (profiles) => {
    stopTicking();
    shown.stop('Confirmed');
    const options = profiles.map(({ arn, name }) => ({ value: arn, label: name, hint: arn }));
    const chosen = await select({ message: 'Which profile of your organisation should be used?', options });
    if (isCancel(chosen)) throw new GatewayError('client_closed', 'No profile was chosen. Nothing was stored.');
    return chosen;
  };
  try {
    const account = await signIn.wait(signal, choose);
    shown.stop('Confirmed');
    return account;
  } catch (cause) {
    shown.error('Not signed in');
    throw cause;
  } finally {
    stopTicking();
    process.off('exit', setExitCode);
  }
}

/** Without a terminal to prompt on: takes the first profile and prints how to choose another. */
function chooseFirst(terminal: CommandInput['terminal'], json: boolean): ChooseProfile {
  return (profiles) => {
    const [first] = profiles;
    if (json) printJson(terminal, { event: 'profiles', using: first.arn, profiles });
    else {
      const list = profiles.map(({ arn, name }) => `  ${arn} ${name}\n`).join('');
      terminal.out(`Several profiles are available; using the first. Choose another with --profile-arn:\n${list}`);
    }
    return first.arn;
  };
}

function remaining({ expiresAtMs }: BrowserSignIn): string {
  const leftS = Math.max(0, Math.ceil((expiresAtMs - systemClock.now()) / 1000));
  return `Waiting for you: ${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, '0')} left`;
}
