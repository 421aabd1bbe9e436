/** The built-in model. */
import type { CheckedChat } from '../rules/rule.ts';
import type { ReplyStep } from '../script.ts';

export function answer({ current }: CheckedChat): readonly ReplyStep[] {
  return [`This is the simulator speaking. You said: ${current.content.slice(0, 80)}`];
}
