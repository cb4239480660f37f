import {
  type CloudOptions,
  type CloudRole,
  DEFAULT_STRATEGY,
  GATE_NAMES,
  type GateName,
  rolesOf,
  STRATEGY_NAMES,
  type StrategyName,
  startCloud,
} from '@renorm/cloud';
import { RenormError } from '@renorm/protocol';
import { Command, Option } from 'commander';
import { fileOrObject, jsonObject, namedSizes, wholeNumber } from '../arguments.js';
import { cloudLog } from '../display/cloud-log.js';
import { type CloudOutput, cloudJson, cloudText } from '../display/cloud-output.js';
import { print } from '../display/terminal.js';
import { aborted, interruptible } from '../interrupt.js';
import { type LogFlags, logged, openLog, withLog } from '../log.js';

interface CloudFlags extends LogFlags {
  readonly edgeModel: string;
  readonly foundationModel?: string;
  readonly output?: string;
  readonly sizes?: Record<string, number>;
  readonly foundation?: object;
  readonly preprocessing?: string | object;
  readonly labels?: string;
  readonly strategy?: StrategyName;
  readonly gate: GateName;
  readonly data?: string;
  readonly store?: string;
  readonly host: string;
  readonly port: number;
  readonly roles?: CloudRole[];
  readonly threads?: number;
  readonly signingKey?: string;
  readonly roots?: string;
  readonly signingValidityMs?: number;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly clientAuthority?: string;
  readonly tokens?: string;
  readonly webOrigins?: string[];
  readonly page: boolean;
  readonly adaptation?: object;
  readonly publishing?: object;
  readonly limits?: object;
  readonly json: boolean;
}

/** `renorm cloud`: the trainer and its gateway. */
export function cloudCommand(): Command {
  const command = new Command('cloud')
    .requiredOption('--edge-model <file>', 'the model that the devices run (ONNX)')
    .option('--foundation-model <file>', 'the stronger model that teaches it (ONNX)')
    .option('--output <name>', 'which output of the edge model holds a score for each class, where that is not clear')
    .option('--sizes <list>', 'sizes of its axes that it leaves open: height=224,width=224', namedSizes)
    .option(
      '--foundation <json>',
      'what the foundation model does not say: {"output": "scores", "sizes": {…}, "preprocessing": {…}, "classes": […]}',
      jsonObject,
    )
    .option(
      '--preprocessing <file>',
      'how devices make the input of the edge model, for a foundation model that takes another: preprocessor_config.json, or JSON (default: what lies beside the model)',
      fileOrObject,
    )
    .option('--labels <file>', 'names of the classes of the edge model, for a foundation model that has others')
    .addOption(
      new Option('--strategy <name>', 'how cohorts are adapted').choices(STRATEGY_NAMES).default(DEFAULT_STRATEGY),
    )
    .addOption(
      new Option('--gate <name>', 'what judges versions before they are published; none for a conformance suite')
        .choices(GATE_NAMES)
        .default('held-out'),
    )
    .option('--data <folder>', 'where samples, training state and versions are kept; made if it is not there')
    .option(
      '--store <url>',
      'keep them on NATS JetStream instead, for any number of gateways and trainers: nats://host:4222/name?replicas=3',
    )
    .option('--host <address>', 'address to listen on; 0.0.0.0 for all', '127.0.0.1')
    .option('--port <n>', 'port to listen on, 0 for any that is free', wholeNumber(0, 65535), 7443)
    .option(
      '--roles <list>',
      'gateway, trainer, or both with a comma between; another process on the same folder or store does the rest (default: both)',
      (list: string) => rolesOf(list.split(',')),
    )
    .option('--threads <n>', 'threads for training (default: one for each processor)', wholeNumber(1, 1024))
    .option('--signing-key <file>', 'secret key that signs versions (renorm keys create); with --roots')
    .option('--roots <folder>', 'roots that name the signing key (renorm keys init)')
    .option('--signing-validity-ms <n>', 'for how long a signature holds', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--tls-certificate <file>', 'certificate in PEM, read again when it changes; with --tls-key')
    .option('--tls-key <file>', 'its key')
    .option('--client-authority <file>', 'take only devices with a certificate of this authority (mutual TLS)')
    .option('--tokens <file>', 'which token belongs to which cohort (renorm keys token)')
    .option(
      '--web-origins <list>',
      'take devices in browsers too, of pages of these origins: https://app.example,… or * for any',
      (list: string) => list.split(','),
    )
    .option('--page', 'serve a page that shows the model adapting in a browser', false)
    .option('--adaptation <json>', 'constants of the strategy cema', jsonObject)
    .option('--publishing <json>', 'when versions are published, and how exact they are', jsonObject)
    .option('--limits <json>', 'of what devices may ask for', jsonObject)
    .option('--json', 'print one JSON object per line', false)
    .action(async (flags: CloudFlags) => {
      if (flags.json && flags.log === 'json')
        throw new RenormError('REQUEST_INVALID', '--json and --log json both write to stdout; give one.');
      const log = await openLog(flags, print);
      const text = flags.json ? cloudJson : cloudText;
      await logged(log, () => cloud(flags, log === undefined ? text : cloudLog(log)));
    });
  return withLog(command);
}

async function cloud(
  {
    edgeModel,
    foundationModel,
    output: scores,
    sizes,
    foundation,
    preprocessing,
    labels,
    strategy,
    gate,
    data,
    store,
    host,
    port,
    roles,
    threads,
    adaptation,
    publishing,
    limits,
    webOrigins,
    page,
    ...security
  }: CloudFlags,
  output: CloudOutput,
): Promise<void> {
  const files = page ? await (await import('../page.js')).demonstrationPage(edgeModel, security.roots) : undefined;
  const running = await startCloud({
    ...{ edgeModel, gate, host, port },
    ...(data !== undefined && { data }),
    ...(store !== undefined && { store }),
    ...(foundationModel !== undefined && { foundationModel }),
    ...(scores !== undefined && { output: scores }),
    ...(sizes && { sizes }),
    ...(labels !== undefined && { labels }),
    ...(strategy !== undefined && { strategy }),
    ...securityOptions(security),
    ...(threads === undefined ? {} : { threads }),
    ...(roles === undefined ? {} : { roles }),
    ...((webOrigins || files) && { web: { ...(webOrigins && { origins: webOrigins }), ...(files && { files }) } }),
    // What is in them, startCloud checks.
    ...({
      ...(foundation && { foundation }),
      ...(preprocessing !== undefined && { preprocessing }),
      ...(adaptation && { adaptation }),
      ...(publishing && { publishing }),
      ...(limits && { limits }),
    } as object),
    onEvent: output.event,
  });
  try {
    await interruptible(async (signal) => {
      output.started(running.address, running.place);
      if (running.address !== '' && security.signingKey === undefined)
        output.note('Versions are not signed: only devices without --trust take them (docs/security.md).');
      if (page)
        output.note(`The page is at ${security.tlsCertificate === undefined ? 'http' : 'https'}://${running.address}/`);
      for (const status of await running.status()) output.goesOn(status);
      await aborted(signal);
      output.closing();
      await running.close();
      output.closed();
    });
  } finally {
    await running.close();
  }
}

/** @throws RenormError REQUEST_INVALID: one of two flags that belong together */
function securityOptions(
  flags: Pick<
    CloudFlags,
    'signingKey' | 'roots' | 'signingValidityMs' | 'tlsCertificate' | 'tlsKey' | 'clientAuthority' | 'tokens'
  >,
): Partial<CloudOptions> {
  const {
    signingKey: key,
    roots,
    signingValidityMs: validityMs,
    tlsCertificate: certificate,
    tlsKey,
    clientAuthority,
    tokens,
  } = flags;
  const both = (a: string | undefined, b: string | undefined, names: string): boolean => {
    if ((a === undefined) !== (b === undefined))
      throw new RenormError('REQUEST_INVALID', `${names} belong together; give both, or neither.`);
    return a !== undefined;
  };
  if (!both(key, roots, '--signing-key and --roots') && validityMs !== undefined)
    throw new RenormError('REQUEST_INVALID', '--signing-validity-ms asks for --signing-key and --roots; give them.');
  if (!both(certificate, tlsKey, '--tls-certificate and --tls-key') && clientAuthority !== undefined)
    throw new RenormError('REQUEST_INVALID', '--client-authority asks for --tls-certificate and --tls-key; give them.');
  return {
    ...(key !== undefined &&
      roots !== undefined && { signing: { key, roots, ...(validityMs !== undefined && { validityMs }) } }),
    ...(certificate !== undefined &&
      tlsKey !== undefined && {
        tls: { certificate, key: tlsKey, ...(clientAuthority !== undefined && { clientAuthority }) },
      }),
    ...(tokens !== undefined && { tokens }),
  };
}
