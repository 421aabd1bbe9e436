/**
 * Operations that editors call besides chat and completions: experiments, customizations, subscriptions, telemetry.
 * Shapes from the runtime service's published model.
 */
import { isJsonObject } from '../core/json.ts';
import { authenticate, checkOptionalProfile } from './authentication.ts';
import { type Answer, type Call, json, membersOf, textOf } from './call.ts';
import { IMPROPERLY_FORMED, Refused } from './refusal.ts';
import type { World } from './world.ts';

/** Always empty: no simulated account is part of an experiment. */
export function listFeatureEvaluations(call: Call, world: World): Answer {
  const { members } = editorOf(call, world);
  const context = isJsonObject(members.userContext) ? members.userContext : {};
  const missing = ['ideCategory', 'operatingSystem', 'product'].find((name) => textOf(context[name]) === undefined);
  if (missing) throw new Refused(IMPROPERLY_FORMED, 'user-context', `userContext.${missing}`);
  return json({ featureEvaluations: [] });
}

export function listAvailableCustomizations(call: Call, world: World): Answer {
  editorOf(call, world);
  return json({ customizations: [], nextToken: null });
}

/**
 * With `statusOnly`, returns whether there is a subscription. Without it, returns a URL to subscribe at for accounts that have
 * none; a subscription that renews itself is a conflict. Source: AWS's open-source language server.
 */
export function createSubscriptionToken(call: Call, world: World): Answer {
  const { accountState, members } = editorOf(call, world);
  const { subscription = 'none' } = accountState.account.plan ?? {};
  const status = subscription === 'none' ? 'INACTIVE' : 'ACTIVE';
  if (members.statusOnly === true) return json({ status });
  if (subscription === 'renewing')
    throw new Refused({ status: 409, name: 'ConflictException', message: 'Already subscribed.' }, 'subscription');
  const token = call.chance.token(24);
  return json({ status, token, encodedVerificationUrl: `${world.url}/subscribe?token=${token}` });
}

export function acceptTelemetry(call: Call, world: World): Answer {
  authenticate(call, world);
  membersOf(call);
  return json({});
}

function editorOf(call: Call, world: World) {
  const accountState = authenticate(call, world);
  const members = membersOf(call);
  checkOptionalProfile(accountState, textOf(members.profileArn));
  return { accountState, members };
}
