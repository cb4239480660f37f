/** How a call ended. */
export type Outcome<Response> =
  | { readonly ok: true; readonly value: Response }
  | { readonly ok: false; readonly status: number; readonly details: string };
