/** Downloads what a page shows as a file, which the gateway writes. */
import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ExportQuery } from '../../../src/http/admin/contract/usage-history.ts';
import { toQuery } from '../api/request.ts';

const FORMATS = ['csv', 'json'] as const;

export function ExportMenu({ query }: { readonly query: Omit<ExportQuery, 'format'> }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} style={{ flex: 'none' }}>
          {t('export.button')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map((format) => (
          <Menu.Item key={format} component="a" href={`/v2/usage/export${toQuery({ ...query, format })}`} download>
            {t(`export.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
