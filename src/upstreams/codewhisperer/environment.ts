/** The client's working environment, within the limits of envState and gitState. Sent only if enabled. */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Environment } from '../../core/environment.ts';
import { note } from './normalize/rules.ts';
import type { EnvState, GitState } from './wire.ts';

const LIMITS = { directoryChars: 256, gitStatusChars: 4096 };

export interface WireEnvironment {
  readonly envState?: EnvState;
  readonly gitState?: GitState;
}

export function encodeEnvironment(environment: Environment): {
  readonly context: WireEnvironment;
  readonly adjustments: readonly Adjustment[];
} {
  const { operatingSystem, currentWorkingDirectory: directory, gitStatus } = environment;
  const cuts: string[] = [];
  const keepsDirectory = directory !== undefined && directory.length <= LIMITS.directoryChars;
  if (directory !== undefined && !keepsDirectory) cuts.push('currentWorkingDirectory');
  const status = gitStatus?.slice(0, LIMITS.gitStatusChars).toWellFormed();
  if (gitStatus && gitStatus.length > LIMITS.gitStatusChars) cuts.push('gitStatus');
  const envState: EnvState = {
    ...(operatingSystem === undefined ? {} : { operatingSystem }),
    ...(keepsDirectory ? { currentWorkingDirectory: directory.toWellFormed() } : {}),
  };
  return {
    context: {
      ...(Object.keys(envState).length === 0 ? {} : { envState }),
      ...(status ? { gitState: { status } } : {}),
    },
    adjustments: cuts.length === 0 ? [] : [note('environment-cut', 'environment', cuts.join(', '))],
  };
}
