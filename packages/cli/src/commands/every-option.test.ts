import type { CloudOptions, SigningOptions, TlsFiles } from '@renorm/cloud';
import type { OpenDeviceOptions } from '@renorm/edge/node';
import type { Command } from 'commander';
import { test } from 'tap';
import { variableOf } from '../settings.js';
import { cloudCommand } from './cloud.js';
import { edgeCommand } from './edge.js';

/** What says each option of a library: the compiler asks for a new one here. */
type Says<Options> = Readonly<Record<keyof Options, readonly string[]>>;

const SIGNING: Says<SigningOptions> = { key: ['signingKey'], roots: ['roots'], validityMs: ['signingValidityMs'] };
const TLS: Says<TlsFiles> = { certificate: ['tlsCertificate'], key: ['tlsKey'], clientAuthority: ['clientAuthority'] };
const alike = <Name extends string>(...names: Name[]): Record<Name, readonly string[]> =>
  Object.fromEntries(names.map((name) => [name, [name]])) as unknown as Record<Name, readonly string[]>;

const CLOUD: Says<Omit<CloudOptions, 'onEvent'>> = {
  ...alike('edgeModel', 'output', 'sizes', 'foundationModel', 'foundation', 'preprocessing', 'labels', 'strategy'),
  ...alike('gate', 'data', 'store', 'roles', 'host', 'port', 'threads', 'adaptation', 'publishing', 'tokens', 'limits'),
  signing: Object.values(SIGNING).flat(),
  tls: Object.values(TLS).flat(),
  web: ['webOrigins'],
};

const EDGE: Says<OpenDeviceOptions> = {
  ...alike('model', 'cloud', 'cohort', 'id', 'upload', 'sketches', 'queue', 'samples', 'preprocessing', 'labels'),
  ...alike(
    'quality',
    'output',
    'sizes',
    'shape',
    'backoff',
    'budgetRetryMs',
    'health',
    'trust',
    'trustMemory',
    'state',
  ),
  ...alike('budget', 'threads', 'transport'),
  selection: ['select'],
  consent: ['consent'],
  // A function.
  redact: [],
  // It would stand in the list of processes.
  token: ['tokenFile'],
  tls: ['tlsAuthority', 'tlsCertificate', 'tlsKey'],
};

for (const [command, says] of [
  [cloudCommand(), CLOUD],
  [edgeCommand(), EDGE],
] as readonly [Command, Readonly<Record<string, readonly string[]>>][]) {
  test(`every option of the library can be said to renorm ${command.name()}`, async (t) => {
    for (const [option, flags] of Object.entries(says)) {
      for (const flag of flags) {
        const found = command.options.find((each) => each.attributeName() === flag);
        t.ok(found, `${option} by ${flag}`);
        if (found !== undefined) t.match(variableOf(found), /^RENORM_[A-Z_]+$/);
      }
    }
  });
}
