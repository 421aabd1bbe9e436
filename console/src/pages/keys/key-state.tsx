/** The state of a key as a word. */
import { useTranslation } from 'react-i18next';
import type { ClientKey } from '../../api/client-keys.ts';
import { StatusBadge, type Tone } from '../../components/status-badge.tsx';

const TONES: Record<ClientKey['state'], Tone> = { active: 'good', disabled: 'off', expired: 'warn', revoked: 'bad' };

export function KeyState({ state }: Pick<ClientKey, 'state'>) {
  const { t } = useTranslation('keys');
  return <StatusBadge tone={TONES[state]}>{t(`state.${state}`)}</StatusBadge>;
}
