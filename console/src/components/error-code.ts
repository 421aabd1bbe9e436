/** An error code of the gateway in the reader's language: what it means, what to do, and the page where to do it. */
import { useTranslation } from 'react-i18next';
import type { codes as texts } from '../texts/en/codes.ts';

type KnownCode = keyof typeof texts;

export interface ErrorCodeText {
  readonly title: string;
  readonly help: string | undefined;
  readonly page: 'accounts' | 'keys' | 'models' | 'settings' | undefined;
}

/** Where the owner of the gateway can do something about it. */
const PAGES: Partial<Record<KnownCode, ErrorCodeText['page']>> = {
  unauthorized: 'keys',
  budget_exhausted: 'keys',
  rate_limited: 'keys',
  unknown_model: 'models',
  token_rejected: 'accounts',
  credential_rejected: 'accounts',
  credential_unavailable: 'accounts',
  account_suspended: 'accounts',
  quota_exhausted: 'accounts',
  daily_limit: 'accounts',
  permission_denied: 'accounts',
  profile_required: 'accounts',
  no_account: 'accounts',
  accounts_busy: 'accounts',
  request_too_large: 'settings',
};

/** A code that the console does not know, of a newer gateway say, is shown as it is. */
export function useErrorCode(): (code: string) => ErrorCodeText {
  const { t, i18n } = useTranslation('codes');
  return (code) => {
    if (!i18n.exists(`${code}.title`, { ns: 'codes' })) return { title: code, help: undefined, page: undefined };
    const known = code as KnownCode;
    return { title: t(`${known}.title`), help: t(`${known}.help`), page: PAGES[known] };
  };
}
