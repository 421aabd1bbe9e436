/** The form for the admin token, and what is shown while a one-time link is redeemed. */
import { Button, Code, Loader, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorNotice } from '../components/error-notice.tsx';
import logo from '../favicon.svg';
import { LanguageMenu } from '../shell/language-menu.tsx';
import { ThemeMenu } from '../shell/theme-menu.tsx';
import { signIn } from './session.ts';
import classes from './sign-in-page.module.css';

interface SignInPageProps {
  /** The link is being redeemed, or the session is being read. */
  readonly pending?: boolean;
  readonly error?: Error | undefined;
  readonly retry?: (() => unknown) | undefined;
}

export function SignInPage({ pending = false, error, retry }: SignInPageProps) {
  const { t } = useTranslation('session');
  return (
    <div className={classes.page}>
      <header className={classes.tools}>
        <LanguageMenu />
        <ThemeMenu />
      </header>
      <main className={classes.main}>
        <Paper className={classes.card} p={28}>
          <Stack gap="md">
            <img src={logo} alt="" width={40} height={40} />
            {pending ? <Pending /> : <TokenForm error={error} retry={retry} title={t('title')} />}
          </Stack>
        </Paper>
      </main>
    </div>
  );
}

function Pending() {
  const { t } = useTranslation('session');
  return (
    <Stack gap="sm" role="status">
      <Title order={1}>{t('ticketTitle')}</Title>
      <Loader size="sm" type="dots" aria-hidden />
    </Stack>
  );
}

function TokenForm({ error, retry, title }: Pick<SignInPageProps, 'error' | 'retry'> & { readonly title: string }) {
  const { t } = useTranslation('session');
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<Error | undefined>(error);
  const [isEmpty, setIsEmpty] = useState(false);
  const [isSending, setIsSending] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsEmpty(token.trim() === '');
    if (token.trim() === '') return;
    setIsSending(true);
    await signIn({ token: token.trim() }).catch(setProblem);
    setIsSending(false);
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <div>
          <Title order={1}>{title}</Title>
          <Text c="dimmed" mt={4}>
            {t('lead')}
          </Text>
        </div>
        {problem && (
          <ErrorNotice error={problem} title={t(error === problem ? 'ticketFailed' : 'failed')} retry={retry} />
        )}
        <PasswordInput
          label={t('token')}
          value={token}
          onChange={({ currentTarget }) => setToken(currentTarget.value)}
          error={isEmpty && t('empty')}
          autoComplete="current-password"
          autoFocus
          size="md"
        />
        <Button type="submit" size="md" loading={isSending} fullWidth>
          {t('submit')}
        </Button>
        <div className={classes.lost}>
          <Text size="sm" c="dimmed">
            {t('lost')}
          </Text>
          <dl>
            <div>
              <dt>
                <Code>dragoman console</Code>
              </dt>
              <dd>{t('link')}</dd>
            </div>
            <div>
              <dt>
                <Code>dragoman admin-token reset</Code>
              </dt>
              <dd>{t('reset')}</dd>
            </div>
          </dl>
        </div>
      </Stack>
    </form>
  );
}
