import { equalBytes } from '@renorm/protocol';
import type { SelectionPolicy } from '../selection-policy.js';
import { decodePlain, encodePlain } from './plain.js';
import type { KeptSelection } from './recall.js';

/**
 * Brings what a policy remembers over a restart. A policy whose state is neither plain data nor encoded by itself
 * begins anew each time.
 */
export class PolicyMemory {
  readonly #policy: SelectionPolicy;
  readonly #classes: number;
  /** The state before the first prediction: it has the options in it. Undefined: the policy's states cannot be kept. */
  readonly #initial: Uint8Array | undefined;

  /** @throws RenormError REQUEST_INVALID for an option of the policy without meaning */
  constructor(policy: SelectionPolicy, classes: number) {
    this.#policy = policy;
    this.#classes = classes;
    this.#initial = this.#encode(policy.initial(classes));
  }

  /** The state to begin with: the one that was kept, if it is of this policy with these options. */
  recall(kept: KeptSelection | undefined): unknown {
    const isOurs = kept?.policy === this.#policy.name && this.#initial && equalBytes(kept.initial, this.#initial);
    const initial = this.#policy.initial(this.#classes);
    if (!isOurs || kept === undefined) return initial;
    try {
      return (this.#policy.decode ?? decodePlain)(kept.state);
    } catch {
      // Of another release, then: what it remembers comes again.
      return initial;
    }
  }

  /** What to keep of a state. */
  kept(state: unknown): KeptSelection | undefined {
    const encoded = this.#encode(state);
    if (encoded === undefined || this.#initial === undefined) return undefined;
    return { policy: this.#policy.name, initial: this.#initial, state: encoded };
  }

  #encode(state: unknown): Uint8Array | undefined {
    try {
      return (this.#policy.encode ?? encodePlain)(state);
    } catch {
      return undefined;
    }
  }
}
