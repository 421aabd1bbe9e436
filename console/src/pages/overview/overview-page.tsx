/** The page OverviewPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function OverviewPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.overview')} />;
}
