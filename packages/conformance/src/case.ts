/** One thing that the specification asks for, tried out. */
export interface Case<Context> {
  /** `S-…` against a cloud, `D-…` against a device; stable. */
  readonly id: string;
  readonly group: string;
  readonly title: string;
  /** Numbers of the sentences of docs/protocol.md that it proves. */
  readonly proves: readonly string[];
  /** @throws Violation, Skip; anything else counts as a failure too */
  run(context: Context): Promise<void>;
}

/** What came is not what the specification asks for. */
export class Violation extends Error {
  constructor(
    readonly expected: string,
    readonly came: string,
  ) {
    super(`expected ${expected}, came ${came}`);
    this.name = 'Violation';
  }
}

/** The case cannot be tried here, for example for want of a token. */
export class Skip extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'Skip';
  }
}

/** Fails the case unless the condition holds. */
export function expect(condition: boolean, expected: string, came: string | (() => string)): asserts condition {
  if (!condition) throw new Violation(expected, typeof came === 'string' ? came : came());
}
