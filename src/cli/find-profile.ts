/** Under which of its organisation's profiles an imported account works, where its program did not say it. */
import { hasProfiles, profileArnOf } from '../accounts/credentials.ts';
import type { Account } from '../accounts/ports.ts';
import type { Profile } from '../accounts/sign-in/adopt.ts';
import { GatewayError } from '../core/errors.ts';
import type { CommandInput } from './command.ts';
import type { openGateway } from './open-gateway.ts';

type Opened = Awaited<ReturnType<typeof openGateway>>;

/**
 * The account with its profile. One whose profile cannot be found out stays imported, and the terminal says how to set
 * it. Throws `invalid_request` for a given profile which is none.
 */
export async function findProfile(
  input: CommandInput,
  { accounts, listProfiles, settings }: Opened,
  account: Account,
  given: string | undefined,
): Promise<Account> {
  const { id, credential, accessToken } = account;
  if (!hasProfiles(credential)) return account;
  if (given !== undefined) return accounts.patch(id, { profileArn: given });
  if (profileArnOf(credential) !== undefined) return account;
  try {
    const isLive = accessToken !== undefined && accessToken.expiresAtMs > Date.now();
    const fresh = isLive ? account : await accounts.refresh(id);
    const profiles = await listProfiles(fresh, AbortSignal.timeout(settings.firstByteTimeoutMs));
    const arn = await choose(input, profiles);
    if (arn !== undefined) return await accounts.patch(id, { profileArn: arn });
    tell(input, `The organisation of ${account.label} has given it no profile.`);
  } catch (cause) {
    tell(input, `The profile of ${account.label} could not be found out: ${GatewayError.from(cause).details}`);
  }
  return account;
}

async function choose({ terminal, json }: CommandInput, profiles: readonly Profile[]): Promise<string | undefined> {
  const [first, second] = profiles;
  if (!second || json || !terminal.isInteractive || process.stdin.isTTY !== true) {
    if (second && !json)
      terminal.out(`There are several profiles; ${first?.arn} is used. --profile-arn chooses another.\n`);
    return first?.arn;
  }
  const { isCancel, select } = await import('@clack/prompts');
  const options = profiles.map(({ arn, name }) => ({ value: arn, label: name, hint: arn }));
  const chosen = await select({ message: 'This organisation has several profiles. Which one?', options });
  return isCancel(chosen) ? undefined : chosen;
}

/** On standard error, so that JSON on standard output stays JSON. */
function tell({ terminal }: CommandInput, message: string): void {
  terminal.err(`${terminal.style('yellow', 'warning')}: ${message} \`dragoman accounts set --profile-arn\` sets it.\n`);
}
