/** The page AccountsPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function AccountsPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.accounts')} />;
}
