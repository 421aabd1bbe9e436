/** The page ChatPage. */
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';

export function ChatPage() {
  const { t } = useTranslation('shell');
  return <PageHeader title={t('pages.chat')} />;
}
