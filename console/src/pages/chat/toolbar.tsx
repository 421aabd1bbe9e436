/** Which model, through which API, with which settings. */
import { Button, Checkbox, SegmentedControl, Select } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Model } from '../../api/models.ts';
import classes from './chat.module.css';
import { PROTOCOLS, type ProtocolName } from './use-chat.ts';

interface ToolbarProps {
  readonly models: readonly Model[];
  readonly model: string;
  readonly setModel: (model: string) => void;
  readonly protocol: ProtocolName;
  readonly setProtocol: (protocol: ProtocolName) => void;
  /** That the model supports. */
  readonly efforts: readonly string[];
  readonly effort: string | undefined;
  readonly setEffort: (effort: string | undefined) => void;
  readonly withTool: boolean;
  readonly setWithTool: (withTool: boolean) => void;
  readonly clear: (() => void) | undefined;
}

const DEFAULT = 'default';

export function Toolbar(props: ToolbarProps) {
  const { t, i18n } = useTranslation('chat');
  const { models, model, setModel, protocol, setProtocol, efforts, effort, setEffort, withTool, setWithTool } = props;
  const ids = models.map(({ id }) => id);
  const nameOf = (name: string) =>
    i18n.exists(`efforts.${name}`, { ns: 'chat' }) ? t(`efforts.${name}` as 'efforts.low') : name;
  return (
    <div className={classes.toolbar}>
      <Select
        aria-label={t('model')}
        className={classes.model}
        data={ids.includes(model) ? ids : [model, ...ids]}
        value={model}
        onChange={(value) => value !== null && setModel(value)}
        allowDeselect={false}
        searchable
      />
      <SegmentedControl
        aria-label={t('protocol')}
        className={classes.protocol}
        size="xs"
        data={(Object.keys(PROTOCOLS) as ProtocolName[]).map((value) => ({ value, label: t(`protocols.${value}`) }))}
        value={protocol}
        onChange={(value) => setProtocol(value as ProtocolName)}
      />
      {efforts.length > 0 && (
        <Select
          aria-label={t('effort')}
          className={classes.effort}
          data={[DEFAULT, ...efforts].map((value) => ({ value, label: `${t('effort')}: ${nameOf(value)}` }))}
          value={effort ?? DEFAULT}
          onChange={(value) => setEffort(value === DEFAULT || value === null ? undefined : value)}
          allowDeselect={false}
        />
      )}
      <Checkbox
        label={t('tool')}
        checked={withTool}
        onChange={({ currentTarget }) => setWithTool(currentTarget.checked)}
      />
      {props.clear && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={<IconTrash size={15} aria-hidden />}
          onClick={props.clear}
        >
          {t('clear')}
        </Button>
      )}
    </div>
  );
}
