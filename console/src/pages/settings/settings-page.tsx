/** The console's own settings, those of the gateway, alerts, the session, and who changed what. */
import { Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../components/page-header.tsx';
import { Alerts } from './alerts.tsx';
import { Audit } from './audit.tsx';
import { Gateway } from './gateway.tsx';
import { General } from './general.tsx';
import { Session } from './session.tsx';
import classes from './settings.module.css';
import { parseSettingsSearch, TABS, type Tab } from './settings-search.ts';

const PANELS: Record<Tab, () => React.ReactNode> = {
  general: General,
  gateway: Gateway,
  alerts: Alerts,
  session: Session,
  audit: Audit,
};

export function SettingsPage() {
  const { t } = useTranslation(['settings', 'shell']);
  const navigate = useNavigate();
  const { tab = 'general' } = parseSettingsSearch(useSearch({ strict: false }));
  const open = (next: string | null) =>
    void navigate({ to: '.', search: { tab: TABS.find((name) => name === next) }, replace: true });
  const Panel = PANELS[tab];
  return (
    <>
      <PageHeader title={t('shell:pages.settings')} />
      <Tabs value={tab} onChange={open} keepMounted={false}>
        <Tabs.List mb="md" aria-label={t('shell:pages.settings')}>
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name} className={classes.tab}>
              {t(`tabs.${name}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <Panel />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
