import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { RenormError, reasonOf } from '@renorm/protocol';
import { checkCertificates, readSecretFile } from '@renorm/protocol/node';
import type { ServerCertificates, TlsServerOptions } from './wire/server-setup.js';

/** Files in PEM, read again when they change. */
export interface TlsFiles {
  /** The cloud's certificate, with those in between. */
  readonly certificate: string;
  readonly key: string;
  /**
   * Certificates of the authority that signs the devices'. With it only devices that have one may connect (mutual TLS).
   */
  readonly clientAuthority?: string;
}

interface Loaded {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authority: Buffer | undefined;
}

const POLL_MS = 1000;

/**
 * Certificates that are read again when they change. While both files of a pair are being replaced they do not belong
 * together; the ones before stay until they do.
 */
export class ReloadedCertificates implements ServerCertificates {
  readonly #files: TlsFiles;
  readonly #onProblem: (error: RenormError) => void;
  readonly #pollMs: number;
  readonly #watchers = new Set<() => void>();
  #loaded: Loaded;
  #timer: NodeJS.Timeout | undefined;
  #problem = '';

  /** @param onProblem told when changed files cannot be used @throws RenormError CREDENTIALS_UNREADABLE */
  constructor(files: TlsFiles, onProblem: (error: RenormError) => void, pollMs = POLL_MS) {
    this.#files = files;
    this.#onProblem = onProblem;
    this.#pollMs = pollMs;
    this.#loaded = load(files);
  }

  serverOptions(): TlsServerOptions {
    const { certificate, key, authority } = this.#loaded;
    const mutual = authority !== undefined;
    return {
      ...{ cert: certificate, key, requestCert: mutual, rejectUnauthorized: mutual },
      ...(mutual && { ca: authority }),
    };
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    this.#timer ??= setInterval(() => this.#reload(), this.#pollMs).unref();
    return () => {
      this.#watchers.delete(changed);
      if (this.#watchers.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #reload(): void {
    try {
      const next = load(this.#files);
      this.#problem = '';
      if (isSame(next, this.#loaded)) return;
      this.#loaded = next;
      for (const changed of this.#watchers) changed();
    } catch (error) {
      // Once for each problem, not every second.
      if (!(error instanceof RenormError) || error.message === this.#problem) return;
      this.#problem = error.message;
      this.#onProblem(error);
    }
  }
}

function load({ certificate, key, clientAuthority }: TlsFiles): Loaded {
  try {
    const loaded = {
      certificate: readFileSync(certificate),
      key: readSecretFile(key, 'the TLS key'),
      authority: clientAuthority === undefined ? undefined : readFileSync(clientAuthority),
    };
    checkCertificates(loaded.certificate);
    if (loaded.authority !== undefined) checkCertificates(loaded.authority);
    createSecureContext({ cert: loaded.certificate, key: loaded.key, ca: loaded.authority });
    return loaded;
  } catch (cause) {
    if (cause instanceof RenormError) throw cause;
    const text = `the TLS files ${certificate} and ${key} cannot be used (${reasonOf(cause)}); give a certificate and its key in PEM.`;
    throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
  }
}

function isSame(a: Loaded, b: Loaded): boolean {
  const authorities = (a.authority?.toString() ?? '') === (b.authority?.toString() ?? '');
  return authorities && a.certificate.equals(b.certificate) && a.key.equals(b.key);
}
