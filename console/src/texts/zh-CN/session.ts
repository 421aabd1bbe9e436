import type { Translated } from '../catalogue.ts';
import type { session as english } from '../en/session.ts';

export const session: Translated<typeof english> = {
  title: '登录 dragoman',
  lead: '管理令牌在网关首次启动时显示过。',
  token: '管理令牌',
  submit: '登录',
  lost: '令牌丢了？在运行网关的机器上执行：',
  link: '打开本页并自动登录',
  reset: '生成新令牌',
  ticketTitle: '正在登录…',
  ticketFailed: '一次性链接无效',
  failed: '登录失败',
  empty: '请输入管理令牌。',
};
