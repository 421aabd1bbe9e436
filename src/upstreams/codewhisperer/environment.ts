/** Where the client works, within the limits of envState and gitState. Sent only if the operator switched it on. */
import type { Adjustment } from '../../core/adjustments.ts';
import type { Environment } from '../../core/conversation.ts';
import { note } from './normalize/rules.ts';
import type { EnvState, GitState } from './wire.ts';

const LIMITS = { directoryChars: 256, variables: 100, keyChars: 256, valueChars: 1024, gitStatusChars: 4096 };

export interface WireEnvironment {
  readonly envState?: EnvState;
  readonly gitState?: GitState;
}

export function encodeEnvironment(environment: Environment): {
  readonly context: WireEnvironment;
  readonly adjustments: readonly Adjustment[];
} {
  const { operatingSystem, currentWorkingDirectory: directory, gitStatus, variables } = environment;
  const cuts: string[] = [];
  const given = Object.entries(variables);
  const kept = given.filter(([key, value]) => fits(key, LIMITS.keyChars) && fits(value, LIMITS.valueChars));
  const environmentVariables = kept
    .slice(0, LIMITS.variables)
    .map(([key, value]) => ({ key: key.toWellFormed(), value: value.toWellFormed() }));
  if (environmentVariables.length < given.length) cuts.push('variables');
  const keepsDirectory = directory !== undefined && fits(directory, LIMITS.directoryChars);
  if (directory && !keepsDirectory) cuts.push('currentWorkingDirectory');
  const status = gitStatus?.slice(0, LIMITS.gitStatusChars).toWellFormed();
  if (gitStatus && gitStatus.length > LIMITS.gitStatusChars) cuts.push('gitStatus');
  const envState: EnvState = {
    ...(operatingSystem === undefined ? {} : { operatingSystem }),
    ...(keepsDirectory ? { currentWorkingDirectory: directory.toWellFormed() } : {}),
    ...(environmentVariables.length === 0 ? {} : { environmentVariables }),
  };
  return {
    context: {
      ...(Object.keys(envState).length === 0 ? {} : { envState }),
      ...(status ? { gitState: { status } } : {}),
    },
    adjustments: cuts.length === 0 ? [] : [note('environment-cut', 'environment', cuts.join(', '))],
  };
}

function fits(text: string, maxChars: number): boolean {
  return text.length > 0 && text.length <= maxChars;
}
