/**
 * IAM: requests are signed with keys of the AWS credential chain (environment, shared files, web identity, container,
 * instance). Nothing of them is stored, only where to look.
 */
import type { KindRules } from './kind.ts';

export interface IamCredential {
  readonly kind: 'iam';
  /** Of the API. */
  readonly region: string;
  /** A profile of `~/.aws/config`; undefined: whatever the chain finds first. */
  readonly awsProfile: string | undefined;
}

export const IAM: KindRules = {
  label: 'AWS IAM',
  serves: 'signing',
  profiles: 'none',
  client: [],
  refused:
    'The service refused the AWS keys which the credential chain gave. Check them with `aws sts get-caller-identity`.',
};
