/** The page where the user approves or denies a device code. */
import type { Answer, Call } from '../call.ts';
import type { World } from '../world.ts';

export function verificationPage(call: Call, { signIns }: World): Answer {
  const userCode = call.query.get('user_code') ?? '';
  const device = signIns.findDevice(userCode);
  if (!device) return page(userCode === '' ? ASK : `<p>This code is unknown.</p>${ASK}`, userCode === '' ? 200 : 404);
  const decision = call.query.get('answer');
  if (decision === 'approve') signIns.decide(userCode, 'approved');
  if (decision === 'deny') signIns.decide(userCode, 'denied');
  if (device.answer === 'pending') {
    const link = (answer: string, text: string) =>
      `<a href="/start?user_code=${device.userCode}&amp;answer=${answer}">${text}</a>`;
    const { id } = device.accountState.account;
    return page(
      `<p>Code <b>${device.userCode}</b>, account <b>${escapeHtml(id)}</b></p><p>${link('approve', 'Approve')} ${link('deny', 'Deny')}</p>`,
    );
  }
  return page(device.answer === 'denied' ? '<p>Denied.</p>' : '<p>Approved. You can close this page.</p>');
}

const ASK = '<form><label>Code <input name="user_code" autofocus></label> <button>Continue</button></form>';

export function page(content: string, status = 200): Answer {
  const style = 'body{font:16px system-ui;margin:15vh auto;max-width:28em;text-align:center}a{margin:0 1em}';
  const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Simulated sign-in</title><style>${style}</style>`;
  return { type: 'page', status, html: `${head}<h1>Simulated sign-in</h1>${content}</html>` };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
