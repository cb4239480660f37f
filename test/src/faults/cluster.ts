import { setTimeout as sleep } from 'node:timers/promises';
import { NatsServer } from '../support/nats-server.js';
import { Relay } from '../support/relay.js';
import { audit } from './audit.js';
import { FaultyCloud, until } from './cloud.js';
import { Load } from './load.js';
import { Predictor } from './predictor.js';
import { Random } from './random.js';
import { newTally, type Tally, type Trial } from './tally.js';

/** Faults on one store: after that what was trained on would leave the replay buffer. */
const FAULTS_PER_STORE = 20;
const VICTIMS = ['gateway', 'trainer', 'nats'] as const;
const TOO_LONG = 'for 2 minutes';

/** kill -9 of a gateway, a trainer or nats-server of a cluster at random moments, while devices upload, move between gateways and take versions. */
export async function clusterFaults({ runs, seed, log = () => undefined }: Trial): Promise<Tally> {
  const random = new Random(seed);
  const tally = newTally('kill -9 in a cluster', seed);
  while (tally.tried < runs) {
    const cluster = await Cluster.start();
    try {
      const end = Math.min(runs, tally.tried + FAULTS_PER_STORE);
      await faultsOnOneStore(cluster, random, tally, end, log);
    } finally {
      await cluster.close();
    }
  }
  return tally;
}

async function faultsOnOneStore(
  cluster: Cluster,
  random: Random,
  tally: Tally,
  end: number,
  log: (line: string) => void,
): Promise<void> {
  const load = new Load({ cohorts: ['lobby', 'cellar', 'roof'], devicesPerCohort: 2, samplesPerUpload: 16, random });
  load.start(cluster.relay.address);
  const predictor = await Predictor.open(cluster.relay.address);
  const grows = async (what: string, count: () => number): Promise<void> => {
    const before = count();
    if (!(await until(() => count() > before))) tally.problems.push(`${what} ${TOO_LONG}`);
  };
  try {
    for (; tally.tried < end; tally.tried++) {
      await grows('nothing was acknowledged', () => load.acknowledged.size);
      await sleep(random.below(600));
      cluster.supervise();
      const victim = VICTIMS[random.below(VICTIMS.length)] as (typeof VICTIMS)[number];
      await cluster.strike(victim, random.below(2));
      log(
        `${tally.tried + 1} ${victim} killed, ${load.acknowledged.size} samples acknowledged, ${load.versions.size} versions`,
      );
    }
    cluster.supervise();
    await grows('nothing was acknowledged after the last fault', () => load.acknowledged.size);
    await grows('no version came after the last fault', () => load.versions.size);
  } finally {
    await load.stop();
    tally.missed += (await predictor.close()).missed;
    await cluster.stop();
  }
  await audit(cluster.url, load, tally);
}

/** Two gateways behind a relay and two trainers on one NATS, each a process. */
class Cluster {
  readonly #server: NatsServer;
  readonly #gateways: FaultyCloud[] = [];
  readonly #trainers: FaultyCloud[] = [];
  relay!: Relay;

  private constructor(server: NatsServer) {
    this.#server = server;
  }

  static async start(): Promise<Cluster> {
    const cluster = new Cluster(await new NatsServer().start());
    for (let i = 0; i < 2; i++) {
      cluster.#gateways.push(cluster.#process('gateway'));
      cluster.#trainers.push(cluster.#process('trainer'));
    }
    cluster.relay = await Relay.to((await cluster.#gateways[0]?.address()) ?? '');
    return cluster;
  }

  get url(): string {
    return `nats://${this.#server.address}`;
  }

  /** Kills one of a kind; what was killed is started again, devices go to the other gateway at once. */
  async strike(victim: (typeof VICTIMS)[number], which: number): Promise<void> {
    if (victim === 'nats') {
      await this.#server.kill();
      await this.#server.start();
      return;
    }
    const processes = victim === 'gateway' ? this.#gateways : this.#trainers;
    if (victim === 'gateway') this.relay.moveTo(await this.#listening(1 - which));
    await processes[which]?.kill();
    processes[which] = this.#process(victim);
  }

  /** As a supervisor does: who was started while the store was away has ended and is started again. */
  supervise(): void {
    for (const [role, processes] of [['gateway', this.#gateways] as const, ['trainer', this.#trainers] as const])
      for (const [i, each] of processes.entries()) if (!each.isAlive) processes[i] = this.#process(role);
  }

  /** Where a gateway is, as soon as it is. */
  async #listening(which: number): Promise<string> {
    for (;;) {
      const address = await this.#gateways[which]?.listening;
      if (address !== undefined) return address;
      this.supervise();
      await sleep(50);
    }
  }

  async stop(): Promise<void> {
    for (const each of [...this.#gateways, ...this.#trainers]) await each.kill();
    this.relay.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#server.close();
  }

  #process(role: string): FaultyCloud {
    // CEMA without a gate makes a version of every 32 samples, whatever they are.
    return new FaultyCloud(this.url, { more: ['--roles', role, '--strategy', 'cema', '--gate', 'none'] });
  }
}
