import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import { RenormError, reasonOf } from '@renorm/protocol';

/** Files in PEM, read again when they change. */
export interface TlsFiles {
  /** The cloud's certificate, with those in between. */
  readonly certificate: string;
  readonly key: string;
  /** Certificates of the authority that signs the devices'. With it only devices that have one may connect (mutual TLS). */
  readonly clientAuthority?: string;
}

type CaListener = Parameters<experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<experimental.CertificateProvider['addIdentityCertificateListener']>[0];

interface Loaded {
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly authority: Buffer | undefined;
}

const POLL_MS = 1000;

/**
 * Certificates that are read again when they change. grpc-js has a provider that reads files, but it takes a certificate
 * without its key for good while both are being replaced; this one checks that they belong together and keeps the old ones until they do.
 */
export class ReloadedCertificates implements experimental.CertificateProvider {
  readonly #files: TlsFiles;
  readonly #onProblem: (error: RenormError) => void;
  readonly #pollMs: number;
  readonly #authority = new Set<CaListener>();
  readonly #identity = new Set<IdentityListener>();
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

  /** For a gRPC server. */
  serverCredentials(): ServerCredentials {
    const mutual = this.#files.clientAuthority !== undefined;
    return experimental.createCertificateProviderServerCredentials(this, mutual ? this : null, mutual);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#authority.add(listener);
    process.nextTick(() => this.#tellAuthority(listener));
    this.#watch();
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#authority.delete(listener);
    this.#watch();
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.add(listener);
    process.nextTick(() => this.#tellIdentity(listener));
    this.#watch();
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identity.delete(listener);
    this.#watch();
  }

  #watch(): void {
    const watched = this.#authority.size + this.#identity.size > 0;
    if (watched) this.#timer ??= setInterval(() => this.#reload(), this.#pollMs).unref();
    else {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #reload(): void {
    try {
      const next = load(this.#files);
      this.#problem = '';
      if (isSame(next, this.#loaded)) return;
      this.#loaded = next;
      for (const listener of this.#authority) this.#tellAuthority(listener);
      for (const listener of this.#identity) this.#tellIdentity(listener);
    } catch (error) {
      // Once for each problem, not every second.
      if (!(error instanceof RenormError) || error.message === this.#problem) return;
      this.#problem = error.message;
      this.#onProblem(error);
    }
  }

  #tellAuthority(listener: CaListener): void {
    const { authority } = this.#loaded;
    listener(authority === undefined ? null : { caCertificate: authority });
  }

  #tellIdentity(listener: IdentityListener): void {
    listener({ certificate: this.#loaded.certificate, privateKey: this.#loaded.key });
  }
}

function load({ certificate, key, clientAuthority }: TlsFiles): Loaded {
  try {
    const loaded = {
      certificate: readFileSync(certificate),
      key: readFileSync(key),
      authority: clientAuthority === undefined ? undefined : readFileSync(clientAuthority),
    };
    createSecureContext({ cert: loaded.certificate, key: loaded.key, ca: loaded.authority });
    return loaded;
  } catch (cause) {
    const text = `the TLS files ${certificate} and ${key} cannot be used (${reasonOf(cause)}); give a certificate and its key in PEM.`;
    throw new RenormError('CREDENTIALS_UNREADABLE', text, { cause });
  }
}

function isSame(a: Loaded, b: Loaded): boolean {
  const authorities = (a.authority?.toString() ?? '') === (b.authority?.toString() ?? '');
  return authorities && a.certificate.equals(b.certificate) && a.key.equals(b.key);
}
