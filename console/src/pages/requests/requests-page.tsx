/** The page RequestsPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function RequestsPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.requests')} />;
}
