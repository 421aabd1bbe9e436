import type { Translated } from '../catalogue.ts';
import type { models as english } from '../en/models.ts';

export const models: Translated<typeof english> = {
  lead: '你的账号可用的模型。名称写法不限：claude-sonnet-4-5、anthropic/claude-sonnet-4.5、claude-sonnet-4.5 均可。',
  empty: '还没有模型',
  emptyText: '模型列表来自你的账号，请先添加账号。',
  addAccount: '添加账号',
  filter: '查找模型',
  account: '账号',
  allAccounts: '全部账号',
  everyAccount: '全部',
  someAccounts: '{{known}} 个中的 {{count}} 个',
  pending: '正在获取“{{label}}”的模型列表。',
  missing: '没有“{{label}}”的模型列表：{{reason}}',
  default: '默认',
  try: '试用',
  tryModel: '在对话中试用 {{model}}',
  yes: '支持',
  columns: {
    model: '模型',
    window: '上下文',
    output: '最长输出',
    cost: '费用',
    images: '图片',
    reasoning: '推理',
    caching: '提示词缓存',
    accounts: '账号',
    fallbacks: '备用模型',
  },
  costValue: '×{{multiplier}}',
  cacheFrom: '{{tokens}} Token 起',
};
