/** Opens a page in the user's browser. */
import { spawn } from 'node:child_process';

/** False over SSH and on machines without a screen. */
export function isGraphical(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): boolean {
  if (env.SSH_CONNECTION || env.SSH_TTY || env.CI) return false;
  return platform === 'darwin' || platform === 'win32' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Ignores failures, since the address is also printed. Passes only http(s) addresses to the system. */
export function openBrowser(url: string): void {
  if (!/^https?:\/\//.test(url)) return;
  const [command, args] = openCommand(url, process.platform);
  const opening = spawn(command, args, { stdio: 'ignore', detached: true });
  opening.on('error', () => {});
  opening.unref();
}

/** The command to run without a shell, which could interpret parts of the address. */
export function openCommand(url: string, platform: NodeJS.Platform): readonly [string, readonly string[]] {
  switch (platform) {
    case 'darwin':
      return ['open', [url]];
    case 'win32':
      return ['rundll32', ['url.dll,FileProtocolHandler', url]];
    default:
      return ['xdg-open', [url]];
  }
}
