/** What the cloud says of itself, in `/page.json`. */
export interface Setup {
  readonly cohort: string;
  readonly labels?: readonly string[];
  /** Whether the page has pictures that the model is for. */
  readonly pictures: boolean;
  /** Whether versions are signed: the root is at `/root`. */
  readonly trust: boolean;
}

export async function readSetup(): Promise<Setup> {
  return (await (await fetch('/page.json')).json()) as Setup;
}
