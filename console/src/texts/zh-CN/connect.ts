import type { Translated } from '../catalogue.ts';
import type { connect as english } from '../en/connect.ts';

export const connect: Translated<typeof english> = {
  lead: '选择客户端，复制配置即可。地址取自浏览器当前的地址栏。',
  client: '客户端',
  baseUrl: '本网关地址',
  model: '模型',
  key: '客户端密钥',
  keyLocal: '尚未创建密钥：填任意内容即可，但只能从本机访问。',
  keyNeeded: '密钥只在创建时显示一次。这里填写的内容不会保存。',
  createKey: '新建密钥',
  keyPlaceholder: 'dg-…',
  copyAll: '复制',
  more: '该客户端的更多说明',
  inTerminal: '在终端中',
  inFile: '写入文件 {{file}}',
  inSettings: '在它的设置中',
  field: '{{name}}：{{value}}',
  notes: {
    cursor: 'Cursor 从自己的服务器发起请求，因此网关需要公网 HTTPS 地址和客户端密钥。',
    openWebui:
      '管理员面板 → 设置 → 外部连接 → OpenAI API → +。若在容器中运行，宿主机上的网关地址为 host.docker.internal。',
    claudeDesktop: 'Claude Code 的地址不带 /v1。',
  },
  cursorFields: { key: 'OpenAI API Key', url: 'Override OpenAI Base URL', model: 'Add model' },
  openWebuiFields: { url: 'URL', key: '密钥' },
};
