import type { Translated } from '../catalogue.ts';
import type { usage as english } from '../en/usage.ts';

export const usage: Translated<typeof english> = {
  lead: '查看你的客户端密钥能用多少、已用多少。不会显示其他密钥。',
  key: '你的客户端密钥',
  keyHint: '只发送给本网关，不会保存在浏览器中。',
  show: '查看',
  failed: '无法读取该密钥的用量',
  local: '本网关不需要密钥',
  unnamed: '在设置中配置的密钥',
  facts: {
    key: '密钥',
    expires: '过期时间',
    models: '模型',
    everyModel: '所有模型',
    group: '账号分组',
  },
  limits: '限额',
  limit: {
    requestsPerMinute: '本分钟请求：{{used}} / {{limit}}',
    concurrency: '并发请求：{{used}} / {{limit}}',
    tokensPerMinute: '本分钟 Token：{{used}} / {{limit}}',
    creditsPerDay: '今日 Credits：{{used}} / {{limit}}',
    creditsPerMonth: '本月 Credits：{{used}} / {{limit}}',
  },
  resets: '{{time}} 重置',
  noLedger: '本网关不记录请求，因此没有历史用量。',
  today: '今天（UTC）',
  month: '本月（UTC）',
  used: '已用量',
  period: '时间',
  requests: '请求数',
  errors: '出错',
  inputTokens: '输入 Token',
  outputTokens: '输出 Token',
  credits: 'Credits',
};
