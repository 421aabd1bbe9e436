/** `dragoman login`: signs in and stores the account. Until the person has said yes, nothing is stored. */
import type { SignInRequest, SocialProvider } from '../accounts/sign-in/place.ts';
import type { BrowserSignIn, ChooseProfile, SignIn, SigningIn } from '../compose-sign-in.ts';
import { GatewayError } from '../core/errors.ts';
import { isoTime } from '../core/times.ts';
import { type Command, type CommandInput, printJson, textOption, UsageError } from './command.ts';
import { openGateway } from './open-gateway.ts';
import { settingOptions } from './settings-of.ts';

export const login: Command = {
  name: 'login',
  summary: 'signs in and stores the account',
  options: [
    { flag: '--start-url <url>', meaning: "your organisation's start URL; without it your AWS Builder ID" },
    { flag: '--region <region>', meaning: 'the AWS region of the sign-in' },
    { flag: '--social <provider>', meaning: 'at Kiro with google or github, instead of AWS' },
    { flag: '--device', meaning: 'with a code, in a browser anywhere (usual at AWS)' },
    { flag: '--browser', meaning: 'in a browser on this machine, which comes back by itself (usual at Kiro)' },
    { flag: '--iam', meaning: 'no sign-in: requests are signed with keys of the AWS credential chain' },
    { flag: '--aws-profile <name>', meaning: 'with --iam: a profile of ~/.aws/config' },
    { flag: '--profile-arn <arn>', meaning: 'the profile to use, if your organisation has several' },
    { flag: '--label <text>', meaning: 'how to call this account' },
    { flag: '--account <id>', meaning: 'sign this account in again; everything about its credential is replaced' },
    {
      flag: '--proxy <address>',
      meaning: 'reach the service through it, for this account: http, https, socks5, or direct',
    },
    { flag: '--open', meaning: 'open the page in a browser (usual on a terminal of this machine)' },
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
      await using opened = await openGateway(input);
      const { id, label } = isIam(input)
        ? await opened.signInWithIam({ ...request, awsProfile: textOption(input, 'awsProfile') })
        : await signInAsked(input, opened, request, byBrowser, leaving.signal);
      if (input.json) printJson(input.terminal, { event: 'signed-in', account: { id, label } });
      else
        input.terminal.say(
          `Signed in: ${input.terminal.style('green', label)} (${id}). \`dragoman chat "Hello"\` tries it.\n`,
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
    throw new UsageError('--iam signs nobody in: it goes with --region, --aws-profile, --label and --proxy alone.');
  if (options.iam !== true && options.awsProfile !== undefined) throw new UsageError('--aws-profile belongs to --iam.');
  return options.iam === true;
}

async function signInAsked(
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
    // Whatever was written: it is checked where a sign-in begins.
    social: textOption(input, 'social')?.toLowerCase() as SocialProvider | undefined,
    profileArn: textOption(input, 'profileArn'),
    label: textOption(input, 'label'),
    accountId: textOption(input, 'account'),
    proxy: textOption(input, 'proxy'),
  };
}

/** A code works everywhere; a browser which comes back by itself must be on this machine. */
async function usesBrowserHere({ options }: CommandInput): Promise<boolean> {
  if (options.device === true && options.browser === true)
    throw new UsageError('--device and --browser exclude each other.');
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

/** With a countdown where a person sees it. */
async function waitFor({ terminal, json }: CommandInput, signIn: BrowserSignIn, signal: AbortSignal) {
  if (json || !terminal.isInteractive) return signIn.wait(signal, firstOf(terminal, json));
  const { isCancel, select, spinner } = await import('@clack/prompts');
  const shown = spinner();
  // The spinner takes Ctrl-C for itself and would end the process as if all were well.
  const cancelled = () => {
    process.exitCode = 130;
  };
  process.once('exit', cancelled);
  shown.start(remaining(signIn));
  const ticking = setInterval(() => shown.message(remaining(signIn)), 1_000);
  const choose: ChooseProfile = async (profiles) => {
    clearInterval(ticking);
    shown.stop('Confirmed');
    const options = profiles.map(({ arn, name }) => ({ value: arn, label: name, hint: arn }));
    const chosen = await select({ message: 'Your organisation has given you several profiles. Which one?', options });
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
    clearInterval(ticking);
    process.off('exit', cancelled);
  }
}

/** Nobody can be asked: the first, and how to have another. */
function firstOf(terminal: CommandInput['terminal'], json: boolean): ChooseProfile {
  return (profiles) => {
    const [first] = profiles;
    if (json) printJson(terminal, { event: 'profiles', using: first.arn, profiles });
    else {
      const list = profiles.map(({ arn, name }) => `  ${arn} ${name}\n`).join('');
      terminal.out(`There are several profiles; the first is used. --profile-arn chooses another:\n${list}`);
    }
    return first.arn;
  };
}

function remaining({ expiresAtMs }: BrowserSignIn): string {
  const leftS = Math.max(0, Math.ceil((expiresAtMs - Date.now()) / 1000));
  return `Waiting for you: ${Math.floor(leftS / 60)}:${String(leftS % 60).padStart(2, '0')} left`;
}
