import type { RenormError } from '@renorm/protocol';
import type { DeviceSetAside } from './admission/sample-vetting.js';
import type { FoundationVerdict } from './models/foundation-verdict.js';
import type { StepReport } from './trainer/messages.js';

/** What happens in a cloud, for a log or a display. */
export type CloudEvent =
  | { readonly kind: 'announced'; readonly cohort: string; readonly device: string; readonly version: number }
  | {
      readonly kind: 'uploaded';
      readonly cohort: string;
      readonly device: string;
      readonly samples: number;
      readonly duplicates: number;
    }
  | ({ readonly kind: 'step' } & StepReport)
  /** A model was made fit for adaptation, as devices make theirs: what was done, in sentences. */
  | { readonly kind: 'prepared'; readonly model: 'edge' | 'foundation'; readonly changes: readonly string[] }
  /** Something in the data folder was damaged, and could be put right without losing anything. */
  | { readonly kind: 'repaired'; readonly what: string }
  /** Uploads are refused and training waits, for room on the disk; both go on by themselves. Told once. */
  | { readonly kind: 'paused'; readonly error: RenormError }
  | { readonly kind: 'resumed' }
  /** A device has sent several samples out of range: its uploads are not taken for so many milliseconds. */
  | ({ readonly kind: 'set aside' } & DeviceSetAside)
  /**
   * On the first samples of a cohort the foundation model is no better than the edge model: what it would teach is
   * wrong.
   */
  | ({ readonly kind: 'foundation'; readonly cohort: string } & FoundationVerdict)
  /** What is to be known at the start of how the strategy deals with the models it was given. */
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'failed'; readonly error: Error };

/** What the gateway holds now, and what it refused since the start. */
export interface GatewayStatus {
  readonly connections: number;
  /** Calls and streams of versions that are open. */
  readonly calls: number;
  /** Bytes of requests that have come and are not answered yet. */
  readonly requestBytes: number;
  /** How often, by the code of the error. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What a cohort has come to. */
export interface CohortStatus {
  readonly cohort: string;
  /** Number of the newest version; 0 is the model as exported. */
  readonly version: number;
  /** Samples received since the beginning. */
  readonly received: number;
  /** Samples trained on since the beginning. */
  readonly trained: number;
  /** Devices that have announced themselves since the cloud started. */
  readonly devices: number;
  /** The last step since the cloud started. */
  readonly lastStep: StepReport | undefined;
  /** What the first samples say of the foundation model; undefined until there are enough, and where there is none. */
  readonly foundation: FoundationVerdict | undefined;
  /** Whether uploads are refused and training waits, for room on the disk. */
  readonly paused: boolean;
  /** Devices that have sent several samples out of range, and whose uploads are not taken for now. */
  readonly setAside: readonly string[];
}
