/** Saves a capsule of the request: what it exchanged, without its text, for a bug report. */
import { Button } from '@mantine/core';
import { IconPackage } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { get } from '../../api/request.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';

export function CapsuleButton({ requestId }: { readonly requestId: string }) {
  const { t } = useTranslation('requests');
  const saving = useMutation({
    mutationFn: () => get<object>(`/v2/requests/${encodeURIComponent(requestId)}/capsule`),
    onSuccess: (capsule) => save(`capsule-${requestId}.json`, JSON.stringify(capsule, null, 2)),
  });
  return (
    <>
      <Button
        variant="default"
        size="xs"
        loading={saving.isPending}
        onClick={() => saving.mutate()}
        leftSection={<IconPackage size={16} aria-hidden />}
      >
        {t('panel.capsule')}
      </Button>
      {saving.error && <ErrorNotice error={saving.error} title={t('panel.noCapsule')} />}
    </>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
