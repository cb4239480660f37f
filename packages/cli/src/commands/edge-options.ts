import { type NamedSelection, type OpenDeviceOptions, POLICY_NAMES, type PolicyName } from '@renorm/edge/node';
import { RenormError } from '@renorm/protocol';
import { InvalidArgumentError } from 'commander';
import { jsonObject } from '../arguments.js';
import { readToken } from '../read-token.js';
import { type PreprocessingFlags, preprocessingOf } from './preprocessing-options.js';

/** Flags of `renorm edge` about images. */
export interface ImageFlags extends PreprocessingFlags {
  readonly quality?: number;
  readonly labels?: string;
}

/** Flags of `renorm edge` about whom it trusts and who trusts it. */
export interface SecurityFlags {
  readonly trust?: string;
  readonly trustMemory?: string;
  readonly state?: string;
  readonly tlsAuthority?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly tokenFile?: string;
}

/** What they say to the library. */
export function imageOptions({ quality, labels, ...flags }: ImageFlags): Partial<OpenDeviceOptions> {
  const preprocessing = preprocessingOf(flags);
  return {
    ...(quality !== undefined && { quality }),
    ...(labels !== undefined && { labels }),
    ...(preprocessing !== undefined && { preprocessing }),
  };
}

/** What they say to the library. @throws RenormError REQUEST_INVALID, CREDENTIALS_UNREADABLE */
export async function securityOptions(flags: SecurityFlags): Promise<Partial<OpenDeviceOptions>> {
  const {
    state,
    trust,
    trustMemory,
    tlsAuthority: authority,
    tlsCertificate: certificate,
    tlsKey: key,
    tokenFile,
  } = flags;
  if (authority === undefined && (certificate !== undefined || key !== undefined))
    throw new RenormError('REQUEST_INVALID', '--tls-certificate and --tls-key ask for --tls-authority; give it.');
  const own = { ...(certificate !== undefined && { certificate }), ...(key !== undefined && { key }) };
  return {
    ...(state !== undefined && { state }),
    ...(trust !== undefined && { trust }),
    ...(trustMemory !== undefined && { trustMemory }),
    ...(authority !== undefined && { tls: { authority, ...own } }),
    ...(tokenFile !== undefined && { token: readToken(tokenFile) }),
  };
}

/**
 * What `--select` says: a policy, for some with a share behind a colon, as in `renorm:0.05`; or one with its options in
 * JSON, which the library checks.
 *
 * @throws InvalidArgumentError, which commander prints with the option's name
 */
export function selectionOption(text: string): NamedSelection {
  if (text.trim().startsWith('{')) return jsonObject(text) as NamedSelection;
  const [name = '', share, ...rest] = text.split(':');
  const takesShare = name === 'renorm' || name === 'random' || name === 'uncertain';
  if (!(POLICY_NAMES as readonly string[]).includes(name))
    throw new InvalidArgumentError(`It takes ${POLICY_NAMES.join(', ')}.`);
  if (share === undefined) return { policy: name as PolicyName };
  if (!takesShare || rest.length > 0 || share === '' || !(Number(share) >= 0 && Number(share) <= 1))
    throw new InvalidArgumentError('Only renorm, random and uncertain take a share from 0 to 1, as in renorm:0.05.');
  return { policy: name, share: Number(share) };
}

/** Flags of `renorm edge` that hardly anybody needs; the library checks what is in them. */
export interface TuningFlags {
  readonly output?: string;
  readonly sizes?: Record<string, number>;
  readonly shape?: number[];
  readonly samples?: string;
  readonly upload?: string;
  readonly consent?: string;
  readonly sketches?: object;
  readonly budget?: object;
  readonly queue?: object;
  readonly backoff?: object;
  readonly health?: object;
  readonly transport?: object;
  readonly budgetRetryMs?: number;
}

/** What they say to the library. */
export function tuningOptions(flags: TuningFlags): Partial<OpenDeviceOptions> {
  const { output, sizes, shape, samples, upload, sketches, budget, queue, backoff, health, transport, budgetRetryMs } =
    flags;
  const consent = flags.consent === undefined ? undefined : flags.consent === 'yes';
  const given = Object.entries({
    output,
    sizes,
    shape,
    samples,
    upload,
    consent,
    sketches,
    budget,
    queue,
    backoff,
    health,
    transport,
    budgetRetryMs,
  });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
