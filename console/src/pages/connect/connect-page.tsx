/** The page ConnectPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function ConnectPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.connect')} />;
}
