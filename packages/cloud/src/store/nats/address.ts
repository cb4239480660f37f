import { RenormError } from '@renorm/protocol';

/**
 * Where a cluster's store is, as `nats://user:password@host:4222,host-2:4222/name?replicas=3&credentials=/file.creds`
 * says it.
 */
export interface ClusterAddress {
  /** host:port each, tried in this order until one answers. */
  readonly servers: readonly string[];
  /** Asked for by the scheme `tls`. */
  readonly tls: boolean;
  /** Begins the names of streams and subjects, so that several clouds share one NATS. Default: renorm. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  /** A file of NATS credentials (`nsc generate creds`). */
  readonly credentials?: string;
  /** Of each stream, when it is made; what is there is left as it is. Default: 1. */
  readonly replicas: number;
}

const SCHEME = /^(nats|tls):\/\//;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const REPLICAS = ['1', '3', '5'];

/** Whether a store is named by a URL: what is not is a folder. */
export const isClusterUrl = (place: string): boolean => SCHEME.test(place);

/** A place for messages and logs: without the password. */
export const withoutSecrets = (place: string): string =>
  isClusterUrl(place) ? place.replace(/\/\/[^@/]*@/, '//') : place;

/** @throws RenormError REQUEST_INVALID */
export function parseClusterUrl(url: string): ClusterAddress {
  const [, scheme = '', login, hosts = '', name = 'renorm', query = ''] =
    /^(nats|tls):\/\/(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url) ?? [];
  const servers = hosts.split(',').filter((host) => host !== '');
  if (servers.length === 0) throw invalid(url, 'it names no server, as nats://host:4222 does');
  const named = name === '' ? 'renorm' : name;
  if (!NAME.test(named)) throw invalid(url, `the name ${JSON.stringify(named)} has more than letters, digits, _ and -`);
  const asked = new URLSearchParams(query);
  for (const key of asked.keys())
    if (!['replicas', 'credentials'].includes(key)) throw invalid(url, `there is no option ${JSON.stringify(key)}`);
  const replicas = asked.get('replicas') ?? '1';
  if (!REPLICAS.includes(replicas)) throw invalid(url, `replicas is one of ${REPLICAS.join(', ')}`);
  const [user, password] = login?.split(':').map(decodeURIComponent) ?? [];
  const credentials = asked.get('credentials');
  return {
    ...{ servers, tls: scheme === 'tls', name: named, replicas: Number(replicas) },
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(credentials !== null && { credentials }),
  };
}

const invalid = (url: string, why: string): RenormError =>
  new RenormError(
    'REQUEST_INVALID',
    `the store ${withoutSecrets(url)} cannot be understood: ${why}. Give nats://host:4222/name?replicas=3, all behind the host may be left out.`,
  );
