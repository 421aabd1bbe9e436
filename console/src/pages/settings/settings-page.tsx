/** The page SettingsPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function SettingsPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.settings')} />;
}
