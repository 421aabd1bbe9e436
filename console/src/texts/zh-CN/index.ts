/** Every text of the console in Chinese, by page. */
import { common } from './common.ts';
import { keys } from './keys.ts';
import { session } from './session.ts';
import { shell } from './shell.ts';

export const texts = { common, keys, session, shell };
