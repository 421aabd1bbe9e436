/** Every text of the console in English, by page. */
import { accounts } from './accounts.ts';
import { chat } from './chat.ts';
import { codes } from './codes.ts';
import { common } from './common.ts';
import { connect } from './connect.ts';
import { keys } from './keys.ts';
import { models } from './models.ts';
import { overview } from './overview.ts';
import { requests } from './requests.ts';
import { session } from './session.ts';
import { settings } from './settings.ts';
import { shell } from './shell.ts';
import { usage } from './usage.ts';

export const texts = {
  accounts,
  chat,
  codes,
  common,
  connect,
  keys,
  models,
  overview,
  requests,
  session,
  settings,
  shell,
  usage,
};
