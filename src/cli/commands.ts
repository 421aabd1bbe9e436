/** All commands, in the order of the help. */
import { accounts } from './accounts.ts';
import { adminToken } from './admin-token.ts';
import { backup } from './backup.ts';
import { capsule } from './capsule.ts';
import { chat } from './chat.ts';
import type { Command, CommandGroup } from './command.ts';
import { config } from './config.ts';
import { consoleCommand } from './console.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { health } from './health.ts';
import { keys } from './keys.ts';
import { login } from './login.ts';
import { models } from './models.ts';
import { replay } from './replay.ts';
import { restore } from './restore.ts';
import { secretKey } from './secret-key.ts';
import { serve } from './serve.ts';
import { simulate } from './simulate.ts';
import { usage } from './usage.ts';

export const COMMANDS: readonly (Command | CommandGroup)[] = [
  serve,
  login,
  accounts,
  keys,
  consoleCommand,
  adminToken,
  chat,
  models,
  usage,
  doctor,
  capsule,
  replay,
  config,
  health,
  backup,
  restore,
  secretKey,
  simulate,
  demo,
];
