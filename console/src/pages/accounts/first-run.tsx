/** Before there is an account: three ways to begin. */
import { Button, Paper, Stack, Text, Title } from '@mantine/core';
import { IconDeviceLaptop, IconFlask, IconLogin2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { CodeBlock } from '../../components/code-block.tsx';
import classes from './accounts.module.css';
import type { AddWay } from './add/add-dialogue.tsx';

export function FirstRun({ begin }: { readonly begin: (way: AddWay) => void }) {
  const { t } = useTranslation('accounts');
  return (
    <Stack gap="lg" py="md">
      <div>
        <Title order={2} size="h1">
          {t('firstRun.title')}
        </Title>
        <Text c="dimmed" maw={680} mt={4}>
          {t('firstRun.lead')}
        </Text>
      </div>
      <div className={classes.start}>
        <Paper component="section" className={classes.startCard} aria-label={t('firstRun.signIn')}>
          <IconLogin2 size={28} stroke={1.5} color="var(--accent-text)" aria-hidden />
          <Title order={3} size="h2">
            {t('firstRun.signIn')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('firstRun.signInText')}
          </Text>
          <div className={classes.startAction}>
            <Button onClick={() => begin('sign-in')} fullWidth>
              {t('addDialog.signIn')}
            </Button>
          </div>
        </Paper>
        <Paper component="section" className={classes.startCard} aria-label={t('firstRun.import')}>
          <IconDeviceLaptop size={28} stroke={1.5} color="var(--accent-text)" aria-hidden />
          <Title order={3} size="h2">
            {t('firstRun.import')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('firstRun.importText')}
          </Text>
          <div className={classes.startAction}>
            <Button variant="default" onClick={() => begin('import')} fullWidth>
              {t('firstRun.importAction')}
            </Button>
          </div>
        </Paper>
        <Paper component="section" className={classes.startCard} aria-label={t('firstRun.demo')}>
          <IconFlask size={28} stroke={1.5} color="var(--accent-text)" aria-hidden />
          <Title order={3} size="h2">
            {t('firstRun.demo')}
          </Title>
          <Text size="sm" c="dimmed">
            {t('firstRun.demoText')}
          </Text>
          <div className={classes.startAction}>
            <CodeBlock code="dragoman demo" label={t('firstRun.demoCommand')} title={t('firstRun.demoNote')} />
          </div>
        </Paper>
      </div>
    </Stack>
  );
}
