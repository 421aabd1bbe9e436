/** The simulated service: in-process for tests, or as `dragoman simulate`. */
export { DEFAULT_ACCOUNT } from './default-accounts.ts';
export type { ScriptedReply } from './script.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './server.ts';
