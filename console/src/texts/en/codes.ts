/** What each error code means and what to do. docs/errors.md has the same codes; a test compares them. */
export const codes = {
  account_suspended: {
    title: 'The provider has locked the account',
    help: 'The account is checked again every few hours. Its owner can ask the provider to unlock it.',
  },
  account_throttled: {
    title: 'The provider slows this account down',
    help: 'Another account takes over while this one cools down. Add accounts or lower the load.',
  },
  accounts_busy: {
    title: 'Every account is busy',
    help: 'Try again in a moment. Add accounts, or raise the number of requests that an account may have at once.',
  },
  budget_exhausted: {
    title: 'The budget of the key is used up',
    help: 'Wait for the reset, or raise the budget of the key.',
  },
  client_closed: {
    title: 'The client disconnected',
    help: 'The client left before its answer was complete: it was stopped, or gave up waiting.',
  },
  client_stalled: {
    title: 'The client stopped reading',
    help: 'The client read nothing for too long. Check it, and what lies between it and the gateway.',
  },
  context_too_long: {
    title: 'The conversation is too long',
    help: 'Compact or shorten the conversation, or choose a model with a larger window.',
  },
  credential_rejected: {
    title: 'The account must sign in again',
    help: 'Its sign-in has expired or was withdrawn. Sign the account in again.',
  },
  credential_unavailable: {
    title: 'No token could be obtained for the account',
    help: 'The sign-in service or the proxy cannot be reached. Check the network and the proxy of the account.',
  },
  daily_limit: {
    title: 'The daily allowance is used up',
    help: 'It resets tomorrow; until then other accounts take over.',
  },
  documents_refused: {
    title: 'The service refused the documents',
    help: 'Send fewer or smaller documents, or text in their place, or choose another model.',
  },
  empty_reply: {
    title: 'The model answered with nothing',
    help: 'The service returned neither text nor a tool call, twice. Send the request again.',
  },
  feature_not_supported: {
    title: 'The plan does not include this feature',
    help: 'Use another account or leave the feature out; the text of the service has the details.',
  },
  forbidden: {
    title: 'The host or origin is not allowed',
    help: 'Open the gateway by its own address, or allow the origin in DRAGOMAN_CORS_ORIGINS.',
  },
  gateway_busy: {
    title: 'The gateway holds too many large requests',
    help: 'Send the request again in a moment. DRAGOMAN_MAX_BODIES_BYTES sets the limit.',
  },
  internal: { title: 'A fault in dragoman', help: 'The log has the details under this request id. Please report it.' },
  invalid_request: {
    title: 'The request is not valid',
    help: 'Correct the field that is named. If the client is at fault, update it.',
  },
  method_not_allowed: {
    title: 'The path does not support this method',
    help: 'Check the base URL and the API that the client uses.',
  },
  no_account: { title: 'No account is ready', help: 'Sign an account in, or enable one.' },
  not_found: {
    title: 'There is no such path',
    help: 'Check the base URL of the client: some need /v1 at its end, others not.',
  },
  output_invalid: {
    title: 'The answer does not fit the requested format',
    help: 'The model failed the format twice. Simplify the schema, or choose another model.',
  },
  permission_denied: {
    title: 'The account may not make this call',
    help: 'Check its profile, region and subscription.',
  },
  profile_required: {
    title: 'The account has no profile',
    help: 'Choose a profile of its organization for the account.',
  },
  quota_exhausted: {
    title: 'The plan of the account is used up',
    help: 'It resets on the date shown at the account. Until then other accounts take over.',
  },
  rate_limited: {
    title: 'Too many requests from this client',
    help: 'Slow the client down, or raise the limits of its key.',
  },
  request_too_large: { title: 'The request is too large', help: 'Send less, or raise DRAGOMAN_MAX_BODY_BYTES.' },
  shutting_down: { title: 'The gateway was shutting down', help: 'Send the request again once it runs.' },
  signature_invalid: {
    title: 'The reasoning sent back was not recognised',
    help: 'Start a new conversation, or remove the reasoning of earlier turns.',
  },
  storage_unavailable: {
    title: 'The database does not answer',
    help: 'It is locked, full or missing. Check the disk and the database server.',
  },
  thinking_required: {
    title: 'The model cannot answer without reasoning',
    help: 'Leave reasoning on for this model, or choose another one.',
  },
  token_rejected: {
    title: 'The access token was refused',
    help: 'It was renewed once without success. Refresh the account, or sign it in again.',
  },
  tool_use_truncated: {
    title: 'A tool call arrived incomplete',
    help: 'Ask again, or let the model write less at once.',
  },
  unauthorized: {
    title: 'The key is missing or wrong',
    help: 'Give the client a valid key. Revoked, disabled and expired keys are refused too.',
  },
  unknown_model: { title: 'There is no such model', help: 'Choose one of the models that the gateway lists.' },
  unsupported_parameter: {
    title: 'A parameter cannot be honoured',
    help: 'Remove the parameter that is named: without it the request means something else.',
  },
  upstream_broken: {
    title: 'The connection to the service broke',
    help: 'It was tried again where that was safe. If it persists, check network and proxy.',
  },
  upstream_conflict: { title: 'The service reported a conflict', help: 'Send the request again.' },
  upstream_not_found: {
    title: 'The service does not know the resource',
    help: 'Check the profile and the region of the account.',
  },
  upstream_overloaded: { title: 'The service is overloaded', help: 'Try again in a moment, or choose another model.' },
  upstream_refused: {
    title: 'The service refused the request',
    help: 'Its own words are above. “dragoman doctor --request FILE” finds the part at fault.',
  },
  upstream_throttled: { title: 'The service is throttling', help: 'Try again after the time that it names.' },
  upstream_timeout: {
    title: 'The service did not answer in time',
    help: 'Send the request again. If it persists, try another model or account.',
  },
  upstream_unexpected: {
    title: 'The answer is not from the service',
    help: 'A proxy or a portal answered in its place. Check DRAGOMAN_UPSTREAM_URL and the proxy.',
  },
};
