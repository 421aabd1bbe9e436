/** One request: what happened in which order, what was changed, what it used, and why it failed. */
import { Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type RequestDetail, requestQuery } from '../../api/requests.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { SidePanel } from '../../components/side-panel.tsx';
import { Adjustments } from './adjustments.tsx';
import { CapsuleButton } from './capsule-button.tsx';
import { toCurl } from './curl.ts';
import { Failure } from './failure.tsx';
import { RecordedText } from './recorded-text.tsx';
import { RequestFacts, Summary } from './request-facts.tsx';
import classes from './request-panel.module.css';
import { Timeline } from './timeline.tsx';
import { Tokens } from './tokens.tsx';

export function RequestPanel() {
  const { t } = useTranslation('requests');
  const { requestId = '' } = useParams({ strict: false });
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(requestQuery(requestId));
  const close = () => void navigate({ to: '/requests', search: (previous) => previous });
  const title = (
    <span className={classes.title}>
      {t('panel.title')} <code>{requestId}</code>
    </span>
  );
  return (
    <SidePanel title={title} close={close} width={760}>
      {error && <ErrorNotice error={error} title={t('panel.notFound')} retry={refetch} />}
      {!data && !error && <Skeleton height={320} />}
      {data && <Details request={data} />}
    </SidePanel>
  );
}

function Details({ request }: { readonly request: RequestDetail }) {
  const { t } = useTranslation('requests');
  return (
    <Stack gap="lg">
      <Summary request={request} />
      {request.code !== null && <Failure request={request} code={request.code} />}
      <Timeline request={request} />
      {request.usage && <Tokens usage={request.usage} />}
      <Adjustments adjustments={request.adjustments} count={request.adjustmentCount} />
      {request.text && <RecordedText text={request.text} />}
      <RequestFacts request={request} />
      <div className={classes.actions}>
        <CopyButton text={toCurl(request, location.origin)} label={t('panel.curl')} withWord />
        <CopyButton text={request.id} label={t('panel.copyId')} withWord />
        {request.kind === 'reply' && <CapsuleButton requestId={request.id} />}
        {!(request.text && !request.text.isCut) && <span className={classes.note}>{t('panel.curlNote')}</span>}
      </div>
    </Stack>
  );
}
