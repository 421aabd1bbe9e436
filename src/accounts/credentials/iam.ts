/**
 * IAM: requests are signed with keys from the AWS credential chain (environment, shared files, web identity, container,
 * instance). The keys are never stored, only where to find them.
 */
import type { KindRules } from './kind.ts';

export interface IamCredential {
  readonly kind: 'iam';
  /** Region of the API. */
  readonly region: string;
  /** A profile in `~/.aws/config`; undefined: the first keys that the chain finds. */
  readonly awsProfile: string | undefined;
}

export const IAM: KindRules = {
  label: 'AWS IAM',
  serves: 'signing',
  profiles: 'none',
  client: [],
  refused:
    'The service rejected the AWS keys from the credential chain. Check them with `aws sts get-caller-identity`.',
};
