import { whyNoNats } from '../support/nats-server.js';
import { clusterFaults } from './cluster.js';
import { containers, whyNoNamespaces } from './containers.js';
import { cuts } from './cuts.js';
import { deviceKills } from './device-kills.js';
import { fullDisks } from './full-disks.js';
import { kills } from './kills.js';
import { spoolKills } from './spool.js';
import type { Tally, Trial } from './tally.js';
import { whyNoVolumes } from './volume.js';

/** A kind of fault: one file makes it, as often as it is told to. */
export interface Kind {
  readonly about: string;
  try(trial: Trial): Promise<Tally>;
  /** Why it cannot be tried here; undefined where it can. */
  whyNot(): string | undefined;
}

const everywhere = (): undefined => undefined;

/** All kinds that need processes of their own; docs/reliability.md lists the others, which are ordinary tests. */
export const KINDS: Readonly<Record<string, Kind>> = {
  kills: { about: 'kill -9 of the cloud', try: kills, whyNot: everywhere },
  'device-kills': { about: 'kill -9 of a device', try: deviceKills, whyNot: everywhere },
  spool: { about: "kill -9 of what keeps a device's samples", try: spoolKills, whyNot: everywhere },
  cuts: { about: 'power cuts', try: cuts, whyNot: whyNoVolumes },
  disks: { about: 'full disks', try: fullDisks, whyNot: whyNoVolumes },
  cluster: { about: 'kill -9 in a cluster', try: clusterFaults, whyNot: () => whyNoNats },
  containers: { about: 'two containers on one data folder', try: containers, whyNot: whyNoNamespaces },
};
