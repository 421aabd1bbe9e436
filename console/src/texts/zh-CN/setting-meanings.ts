/** What each setting means and accepts, in Chinese. The gateway has the same in English: src/config/settings.ts. */
interface SettingText {
  readonly meaning: string;
  readonly accepts: string;
}

const MS = '毫秒';
const YES_NO = '`yes` 或 `no`';
const PROXY = '以 `http://`、`https://` 或 `socks5://` 开头的地址';

export const SETTING_MEANINGS: Readonly<Record<string, SettingText>> = {
  DRAGOMAN_HOST: {
    meaning: '监听地址。监听非回环地址时必须设置 API 密钥。',
    accepts: '本机的主机名或地址',
  },
  DRAGOMAN_PORT: {
    meaning: '监听端口。',
    accepts: '端口，0 到 65535（0：任意空闲端口）',
  },
  DRAGOMAN_ADMIN_PORT: {
    meaning:
      '控制台和管理 API 的独立端口；设置后 `DRAGOMAN_PORT` 对它们返回 404。该端口也提供客户端 API，供对话页使用。',
    accepts: '端口，0 到 65535（0：任意空闲端口）',
  },
  DRAGOMAN_ADMIN_HOST: {
    meaning: '`DRAGOMAN_ADMIN_PORT` 的监听地址。',
    accepts: '本机的主机名或地址',
  },
  DRAGOMAN_WORKERS: {
    meaning: '共用同一端口的进程数。多于一个时需要可共享的数据库，不能用 `sqlite::memory:`。',
    accepts: '整数，1 到 256；或 `auto`：每个核一个',
  },
  DRAGOMAN_HOME: {
    meaning: '数据目录：数据库、加密密钥和自定义协议配置（`profiles/*.json`）。',
    accepts: '目录',
  },
  DRAGOMAN_DATABASE_URL: {
    meaning: '保存账号的数据库，凭据加密存储。',
    accepts: '`sqlite:` 加路径、`sqlite::memory:` 或 `postgres://USER:PASSWORD@HOST:PORT/DATABASE`',
  },
  DRAGOMAN_SECRET_KEY: {
    meaning: '用于加密数据库中的凭据。',
    accepts: '至少 32 个随机字符（`openssl rand -base64 32`）',
  },
  DRAGOMAN_API_KEYS: {
    meaning:
      '客户端的 API 密钥，通过 `Authorization: Bearer …`、`x-api-key` 或 `api-key` 发送（其中一个有效即可），与 `dragoman keys` 创建的密钥并存。',
    accepts: '用逗号分隔的密钥',
  },
  DRAGOMAN_ADMIN_TOKEN: {
    meaning: '管理 API（`/v2`）的令牌，本地模式也需要。',
    accepts: '至少 16 个字符，不含空格',
  },
  DRAGOMAN_SESSION_IDLE_MINUTES: {
    meaning: '控制台会话闲置多少分钟后结束。',
    accepts: '整数，1 到 43200',
  },
  DRAGOMAN_SESSION_HOURS: {
    meaning: '控制台会话登录多少小时后结束，无论是否在使用。',
    accepts: '整数，1 到 8760',
  },
  DRAGOMAN_ALERT_WEBHOOKS: {
    meaning:
      '告警的发送地址：账号需重新登录、被封禁、额度用尽，没有可用账号，预算，错误过多。可用公网地址，以及 `DRAGOMAN_FETCH_ALLOWED_HOSTS` 中的主机。',
    accepts: '最多十个用逗号分隔的地址；Slack、飞书、钉钉地址前加 `slack:`、`feishu:` 或 `dingtalk:`',
  },
  DRAGOMAN_ALERT_ERROR_PERCENT: {
    meaning: '五分钟内（至少 20 个请求）失败比例达到多少时告警。',
    accepts: '整数，0 到 100；0：不告警',
  },
  DRAGOMAN_AUDIT_DAYS: {
    meaning: '审计记录保留的天数，最多 100000 条。',
    accepts: '整数，1 到 3650',
  },
  DRAGOMAN_UPSTREAM_URL: {
    meaning: '上游的基础地址，例如模拟器或私有端点。',
    accepts: 'http 或 https 地址；其中的 `{region}` 和 `{host}`（上游自身的主机）会被替换',
  },
  DRAGOMAN_OIDC_URL: {
    meaning: 'Builder ID 和 Identity Center 的登录服务。',
    accepts: 'http 或 https 地址，可带 `/token`；`{region}` 会被替换',
  },
  DRAGOMAN_SOCIAL_AUTH_URL: {
    meaning: 'Kiro 为 Google 和 GitHub 账号提供的登录服务。',
    accepts: 'http 或 https 地址',
  },
  DRAGOMAN_PORTAL_URL: {
    meaning: 'Kiro 门户，`dragoman login --social` 会在浏览器中打开。',
    accepts: 'http 或 https 地址',
  },
  DRAGOMAN_IDP_HOSTS: {
    meaning: '除 Microsoft Entra ID 外，允许接收刷新令牌的组织身份提供商主机。',
    accepts: '用逗号分隔的主机，非默认端口需写明',
  },
  DRAGOMAN_REFRESH_TOKEN: {
    meaning: '环境变量账号的刷新令牌：有客户端 ID 的是 Builder ID 或 Identity Center，没有的是 Kiro。',
    accepts: '刷新令牌',
  },
  DRAGOMAN_CLIENT_ID: {
    meaning: '环境变量账号的客户端 ID。',
    accepts: '与刷新令牌同一注册的客户端 ID',
  },
  DRAGOMAN_CLIENT_SECRET: {
    meaning: '环境变量账号的客户端密钥。',
    accepts: '同一注册的客户端密钥',
  },
  DRAGOMAN_PROFILE_ARN: {
    meaning: '环境变量账号的组织 profile。',
    accepts: '`arn:aws:codewhisperer:REGION:ACCOUNT:profile/ID`',
  },
  DRAGOMAN_REGION: {
    meaning: '环境变量账号的区域，也是 `dragoman login` 的默认区域。',
    accepts: 'AWS 区域，例如 `eu-central-1`',
  },
  DRAGOMAN_KIRO_API_KEY: {
    meaning: '环境变量账号的 API 密钥，无需刷新。',
    accepts: 'Kiro API 密钥',
  },
  DRAGOMAN_IAM: {
    meaning: '在 `DRAGOMAN_REGION` 中用 AWS 密钥签名请求的环境变量账号。',
    accepts: '`on`：默认 AWS 凭据链；`~/.aws/config` 中的配置名；或 `off`',
  },
  DRAGOMAN_KIRO_TOKEN_FILE: {
    meaning: 'Kiro IDE 的令牌文件；存在时与 IDE 共用。',
    accepts: '文件，或 `off`',
  },
  DRAGOMAN_STRATEGY: {
    meaning: '如何选择账号。`sticky`：同一对话始终使用同一账号。',
    accepts: '`sticky`、`least-used`、`round-robin`、`fill-first` 或 `random`',
  },
  DRAGOMAN_QUEUE_LIMIT: {
    meaning: '所有账号都忙时可排队的请求数；超出的请求会被拒绝，并附 `retry-after`。',
    accepts: '数字，0 到 100000',
  },
  DRAGOMAN_QUEUE_TIMEOUT_MS: {
    meaning: '请求等待账号的最长时间。',
    accepts: `${MS}，0 到 3600000`,
  },
  DRAGOMAN_MAX_ERROR_COUNT: {
    meaning: '由账号引起的连续失败达到多少次后停用该账号。',
    accepts: '整数，1 到 1000000',
  },
  DRAGOMAN_WIRE_PROFILE: {
    meaning: '固定使用的协议配置（主机、路径、标头和字段），不再尝试其他配置。签名请求始终使用 `q-iam`。',
    accepts: '`q-rest`、`q-json`、`kiro-krs`、`kiro-runtime`、`codewhisperer-legacy` 或自定义配置',
  },
  DRAGOMAN_UNKNOWN_MODELS: {
    meaning: '对上游没有的模型系列（如 `gpt-4o`）如何处理：使用账号的默认模型，或返回 404。',
    accepts: '`default` 或 `refuse`',
  },
  DRAGOMAN_SEND_ENVIRONMENT: {
    meaning: '对话开始时，是否把客户端声明的操作系统、工作目录和 git 状态发给上游。',
    accepts: YES_NO,
  },
  DRAGOMAN_STORED_RESPONSES: {
    meaning: '每个密钥保存多少个响应（加密），供 `previous_response_id` 和之后读取。',
    accepts: '整数，1 到 100000',
  },
  DRAGOMAN_STORED_RESPONSE_DAYS: {
    meaning: '响应在最后一次使用后保留的天数。带 `store: false` 的请求不保存。',
    accepts: '整数，1 到 3650',
  },
  DRAGOMAN_LEDGER: {
    meaning: '是否记录每个请求：密钥、账号、模型、Token 数、credits、尝试和错误。',
    accepts: YES_NO,
  },
  DRAGOMAN_LEDGER_DAYS: {
    meaning: '请求记录保留的天数；按天的合计永久保留。',
    accepts: '整数，1 到 3650',
  },
  DRAGOMAN_LEDGER_ROWS: {
    meaning: '最多保留的请求数，每条约 0.5 到 1 KB。使用 `sqlite::memory:` 时最多 10000。',
    accepts: '整数，1000 到 100000000',
  },
  DRAGOMAN_LEDGER_TEXT: {
    meaning:
      '是否同时记录提示词和回答：`sealed` 用加密密钥加密保存，每条约 200 KB 以内；只有 `GET /v2/requests/{id}` 会显示。',
    accepts: '`none` 或 `sealed`',
  },
  DRAGOMAN_LEDGER_TEXT_BYTES: {
    meaning: '所记录的提示词和回答的总大小上限，最多为最新的 100000 个请求。使用 `sqlite::memory:` 时最多 64 MiB。',
    accepts: '字节数，或带单位：`500MiB`、`10GiB`；1 MiB 到 1 TiB',
  },
  DRAGOMAN_RECOVER_TOOL_CALLS: {
    meaning: '模型把工具调用写成文本时，若含义明确，是否还原为真正的调用。',
    accepts: YES_NO,
  },
  DRAGOMAN_CODE_REFERENCES: {
    meaning: '是否给出与有许可证的公开代码相符的行内补全，并附来源。',
    accepts: '`allow` 或 `block`',
  },
  DRAGOMAN_FETCH_URLS: {
    meaning: '是否下载请求中以 URL 引用的图片和文档（仅限公网）。',
    accepts: YES_NO,
  },
  DRAGOMAN_FETCH_ALLOWED_HOSTS: {
    meaning: '即使是内网地址或端口不是 80、443，也允许下载的主机。',
    accepts: '用逗号分隔的主机和端口：`files.example.com:8443`',
  },
  DRAGOMAN_FETCH_TIMEOUT_MS: {
    meaning: '下载一个 URL 的最长时间，包括排队、重定向和正文。',
    accepts: `${MS}，100 到 300000`,
  },
  DRAGOMAN_FETCH_MAX_BYTES: {
    meaning: '单个 URL 下载的大小上限。',
    accepts: '字节数，或带单位：`20MiB`；最多 `64MiB`',
  },
  DRAGOMAN_WEB_SEARCH: {
    meaning: '客户端请求厂商的网页搜索时，是否改用上游自带的搜索来执行。',
    accepts: YES_NO,
  },
  DRAGOMAN_CORS_ORIGINS: {
    meaning: '允许调用客户端 API 的网页来源。设置后仅限这些来源。',
    accepts: '用逗号分隔的来源，例如 `https://chat.example.com`',
  },
  DRAGOMAN_MAX_BODY_BYTES: {
    meaning: '请求正文解压后的大小上限。',
    accepts: '字节数，或带单位：`512KiB`、`64MiB`；1 KiB 到 512 MiB',
  },
  DRAGOMAN_MAX_BODIES_BYTES: {
    meaning:
      '所有进行中请求的正文总大小上限（原始与解压后合计），超出时返回 503。实际值至少为 `DRAGOMAN_MAX_BODY_BYTES` 的两倍；网关所需内存约为其四倍。',
    accepts: '字节数，或带单位：`512MiB`；1 KiB 到 64 GiB',
  },
  DRAGOMAN_PING_INTERVAL_MS: {
    meaning: '流式输出静默多久后发送 ping 或注释。',
    accepts: `${MS}，100 到 3600000`,
  },
  DRAGOMAN_CONNECT_TIMEOUT_MS: {
    meaning: '连接上游的最长时间。',
    accepts: `${MS}，100 到 3600000`,
  },
  DRAGOMAN_FIRST_BYTE_TIMEOUT_MS: {
    meaning: '等待上游响应标头的最长时间；官方客户端等待的时间相同。',
    accepts: `${MS}，100 到 3600000`,
  },
  DRAGOMAN_IDLE_TIMEOUT_MS: {
    meaning: '上游在响应中途可停顿的最长时间。',
    accepts: `${MS}，100 到 3600000`,
  },
  DRAGOMAN_WRITE_TIMEOUT_MS: {
    meaning: '客户端停止读取响应多久后关闭其连接。',
    accepts: `${MS}，1000 到 3600000`,
  },
  DRAGOMAN_MAX_CONNECTIONS: {
    meaning: '客户端连接数上限；超出时关闭闲置最久的连接。不超过进程可打开文件数的一半。',
    accepts: '整数，10 到 1000000',
  },
  DRAGOMAN_SHUTDOWN_TIMEOUT_MS: {
    meaning: '收到 SIGTERM 后，未完成的回答还可继续多久；比 Kubernetes 允许的 30 秒短。',
    accepts: `${MS}，0 到 3600000`,
  },
  HTTPS_PROXY: {
    meaning: '访问 https 地址的代理。',
    accepts: PROXY,
  },
  HTTP_PROXY: {
    meaning: '访问 http 地址的代理。',
    accepts: PROXY,
  },
  ALL_PROXY: {
    meaning: '以上两项都未设置时使用的代理。',
    accepts: PROXY,
  },
  NO_PROXY: {
    meaning: '不经代理访问的主机。',
    accepts: '用逗号分隔的主机；`*`：全部',
  },
  DRAGOMAN_METRICS: {
    meaning:
      '谁可以读取 `/metrics`。`loopback`：本机程序，其他来源需管理令牌。`token`：必须有管理令牌。`open`：所有能访问网关的程序。',
    accepts: '`loopback`、`token` 或 `open`',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    meaning: '接收追踪数据的 OpenTelemetry 收集器（OTLP over HTTP），会自动附加标准路径。',
    accepts: 'http 或 https 地址，例如 `http://127.0.0.1:4318`',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    meaning: '发给收集器的标头，例如它的密钥。',
    accepts: '用逗号分隔的 `NAME=VALUE`，值用百分号编码',
  },
  OTEL_SERVICE_NAME: {
    meaning: '本网关在追踪中的名称。',
    accepts: '名称',
  },
  DRAGOMAN_TRACE_PERCENT: {
    meaning: '由网关发起的追踪中导出的比例。由客户端发起的追踪，在客户端记录时导出。',
    accepts: '整数，0 到 100',
  },
  DRAGOMAN_LOG_LEVEL: {
    meaning: '日志级别。正文和敏感信息从不写入日志。',
    accepts: '`trace`、`debug`、`info`、`warn`、`error`、`fatal` 或 `silent`',
  },
  DRAGOMAN_LOG_FORMAT: {
    meaning: '日志格式。`auto`：终端上易读，其他情况为 JSON。',
    accepts: '`auto`、`pretty` 或 `json`',
  },
  DRAGOMAN_FIRST_AID: {
    meaning: '上游不说明原因就拒绝请求时，是否按存疑[规则](rules.md)的最保守解读再发送一次。',
    accepts: YES_NO,
  },
  DRAGOMAN_CAPSULES: {
    meaning: '内存中完整保留哪些近期请求，供 `dragoman capsule` 使用：失败的、全部或都不保留。',
    accepts: '`off`、`failures` 或 `all`',
  },
};
