/** How a sign-in ends without an account, in words for the person who began it. */
import { GatewayError } from '../../core/errors.ts';

export function expired(): GatewayError {
  const message = 'The sign-in was not confirmed in time. Nothing was stored. Start it again.';
  return new GatewayError('credential_rejected', message);
}

export function refusedInBrowser(): GatewayError {
  return new GatewayError('credential_rejected', 'The sign-in was refused in the browser. Nothing was stored.');
}

export function unknownClient(): GatewayError {
  const message = 'The sign-in service no longer knows this client. Nothing was stored. Start again.';
  return new GatewayError('credential_rejected', message);
}

export function cancelled(): GatewayError {
  return new GatewayError('client_closed', 'The sign-in was cancelled. Nothing was stored.');
}
