/** Every text of the console in Chinese, by page. */
import { codes } from './codes.ts';
import { common } from './common.ts';
import { keys } from './keys.ts';
import { overview } from './overview.ts';
import { requests } from './requests.ts';
import { session } from './session.ts';
import { settings } from './settings.ts';
import { shell } from './shell.ts';

export const texts = { codes, common, keys, overview, requests, session, settings, shell };
