/** The simulated service: in-process for tests, by `dragoman simulate` for everybody. */
export type { RecordedRequest } from './call.ts';
export type { SimulatedModel } from './catalogue.ts';
export { DEFAULT_ACCOUNT } from './default-accounts.ts';
export type { SimulatedAccount } from './identities.ts';
export type { Script, ScriptedReply } from './script.ts';
export { type AccountChange, type Simulator, type SimulatorOptions, startSimulator } from './server.ts';
