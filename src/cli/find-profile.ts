/** Finds the profile of an imported account if the source program did not record it. */
import { hasProfiles, profileArnOf } from '../accounts/credentials.ts';
import type { Account } from '../accounts/ports.ts';
import type { Profile } from '../accounts/sign-in/adopt.ts';
import { GatewayError } from '../core/errors.ts';
import { systemClock } from '../transport/clock.ts';
import type { CommandInput } from './command.ts';
import type { openGateway } from './open-gateway.ts';

type Opened = Awaited<ReturnType<typeof openGateway>>;

/**
 * Returns the account with its profile. An account whose profile is unknown stays imported, with a hint on how to set
 * it. Throws `invalid_request` if `given` is not a profile ARN.
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
    const isLive = accessToken !== undefined && accessToken.expiresAtMs > systemClock.now();
    const fresh = isLive ? account : await accounts.refresh(id);
    const profiles = await listProfiles(fresh, AbortSignal.timeout(settings.firstByteTimeoutMs));
    const arn = await choose(input, profiles);
    if (arn !== undefined) return await accounts.patch(id, { profileArn: arn });
    warn(input, `The organisation of ${account.label} has not assigned it a profile.`);
  } catch (cause) {
    warn(input, `Could not look up the profile of ${account.label}: ${GatewayError.from(cause).details}`);
  }
  return account;
}

async function choose({ terminal, json }: CommandInput, profiles: readonly Profile[]): Promise<string | undefined> {
  const [first, second] = profiles;
  if (!second || json || !terminal.isInteractive || process.stdin.isTTY !== true) {
    if (second && !json)
      terminal.out(`Several profiles are available; using ${first?.arn}. Choose another with --profile-arn.\n`);
    return first?.arn;
  }
  const { isCancel, select } = await import('@clack/prompts');
  const options = profiles.map(({ arn, name }) => ({ value: arn, label: name, hint: arn }));
  const chosen = await select({ message: 'Which profile of this organisation should be used?', options });
  return isCancel(chosen) ? undefined : chosen;
}

/** Writes to standard error, so that standard output stays valid JSON. */
function warn({ terminal }: CommandInput, message: string): void {
  terminal.err(
    `${terminal.style('yellow', 'warning')}: ${message} Set it with \`dragoman accounts set --profile-arn\`.\n`,
  );
}
