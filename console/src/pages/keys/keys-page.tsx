/** The page KeysPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function KeysPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.keys')} />;
}
