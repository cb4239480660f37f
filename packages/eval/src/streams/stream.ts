/** What a stretch of a stream looks like. */
export interface StreamEnvironment {
  /** As published; undefined: the images as they are. */
  readonly corruption: string | undefined;
  /** 1 to 5; 0 for the images as they are. */
  readonly severity: number;
}

/** One image of a stream. */
export interface StreamItem {
  /** Index into the stream's environments. */
  readonly environment: number;
  /** Index into the images of that environment. */
  readonly image: number;
}

/** What one device sees, in order. A method starts anew with each stream. */
export interface Stream {
  /** Unique in a run, as in `fog-5` or `continual`. */
  readonly name: string;
  readonly kind: string;
  readonly environments: readonly StreamEnvironment[];
  readonly items: readonly StreamItem[];
  /** Images per batch, for methods that want batches, where the stream says it. */
  readonly batch?: number;
}

/** Images that streams are drawn from. */
export interface Pool {
  readonly environment: StreamEnvironment;
  readonly count: number;
  label(index: number): number | undefined;
}

export const CLEAN: StreamEnvironment = { corruption: undefined, severity: 0 };

/** As in `fog-5` and `clean`. */
export const environmentName = ({ corruption, severity }: StreamEnvironment): string =>
  corruption === undefined ? 'clean' : `${corruption}-${severity}`;
