/** The page ModelsPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function ModelsPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.models')} />;
}
