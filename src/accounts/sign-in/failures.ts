/** The ways a sign-in fails, with messages for the person who started it. */
import { GatewayError } from '../../core/errors.ts';

export function expired(): GatewayError {
  const message = 'The sign-in was not confirmed in time. Nothing was stored. Start it again.';
  return new GatewayError('credential_rejected', message);
}

export function refusedInBrowser(): GatewayError {
  return new GatewayError(
    'credential_rejected',
    'The sign-in was refused in the browser. Nothing was stored. Start it again to retry.',
  );
}

export function unknownClient(): GatewayError {
  const message =
    'The sign-in service no longer accepts this client registration. Nothing was stored. Start the sign-in again.';
  return new GatewayError('credential_rejected', message);
}

export function cancelled(): GatewayError {
  return new GatewayError('client_closed', 'The sign-in was cancelled. Nothing was stored.');
}
