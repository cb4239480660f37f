import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { RenormError } from '@renorm/protocol';

/** How long a browser may remember what it was allowed, in seconds. Chromium takes no more. */
const REMEMBERED_S = 7_200;

/**
 * The pages that may call: browsers ask before they send a request of one, and show it no answer that does not say so
 * (CORS).
 */
export class Origins {
  readonly #allowed: Set<string>;

  /** @param allowed as in `https://app.example:8443`, or `*` @throws RenormError REQUEST_INVALID */
  constructor(allowed: readonly string[]) {
    for (const origin of allowed) {
      if (origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)) continue;
      const text = `${JSON.stringify(origin)} is no origin of a page; give a scheme, a host, a port if it is not the usual one, and nothing more (https://app.example), or * for any page.`;
      throw new RenormError('REQUEST_INVALID', text);
    }
    this.#allowed = new Set(allowed);
  }

  /** A page that comes from here may call: by the names that nobody else can give themselves. */
  allowOwn(isSecure: boolean, host: string, port: number): void {
    for (const name of ['localhost', '127.0.0.1', '[::1]', host])
      this.#allowed.add(`${isSecure ? 'https' : 'http'}://${name}:${port}`);
  }

  /**
   * Headers that let the page that asks read the answer; none for who is no page.
   *
   * @throws RenormError ORIGIN_NOT_ALLOWED
   */
  headersFor({ origin }: IncomingHttpHeaders): OutgoingHttpHeaders {
    if (origin === undefined) return {};
    if (this.#allowed.has('*') || this.#allowed.has(origin))
      return { 'access-control-allow-origin': origin, vary: 'origin' };
    const text = `a page of ${origin.slice(0, 256)} called, and pages of ${[...this.#allowed].join(', ') || 'no origin'} may; start the cloud with that origin too (web.origins, renorm cloud --web-origins).`;
    throw new RenormError('ORIGIN_NOT_ALLOWED', text);
  }

  /** What a browser is told that asks whether a page may send its call. @throws RenormError ORIGIN_NOT_ALLOWED */
  permission(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
    return {
      ...this.headersFor(headers),
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization, content-type, grpc-timeout, x-grpc-web, x-user-agent',
      'access-control-max-age': String(REMEMBERED_S),
    };
  }
}
