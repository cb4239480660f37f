import { RenormError } from '@renorm/protocol';
import { type Gate, OPEN_GATE } from './gate.js';
import { HeldOutGate, type HeldOutGateSetup } from './held-out-gate.js';

/** A gate with its end. */
export interface OpenedGate {
  readonly gate: Gate;
  release(): Promise<void>;
}

const GATES = {
  /** Versions that are worse on held-out samples are not published. */
  'held-out': async (setup: HeldOutGateSetup): Promise<OpenedGate> => {
    const gate = await HeldOutGate.open(setup);
    return { gate, release: () => gate.release() };
  },
  /** Everything is published: for uploads that resemble no picture, as those of a conformance suite. */
  none: async (): Promise<OpenedGate> => ({ gate: OPEN_GATE, release: async () => undefined }),
} as const;

export type GateName = keyof typeof GATES;

export const GATE_NAMES = Object.keys(GATES) as GateName[];

export const DEFAULT_GATE: GateName = 'held-out';

/** @throws RenormError REQUEST_INVALID: no gate has this name */
export function gateNamed(name: string): GateName {
  if (Object.hasOwn(GATES, name)) return name as GateName;
  throw new RenormError('REQUEST_INVALID', `there is no gate ${name}; take one of ${GATE_NAMES.join(', ')}.`);
}

/** @throws OnnxError */
export const openGate = (name: GateName, setup: HeldOutGateSetup): Promise<OpenedGate> => GATES[name](setup);
