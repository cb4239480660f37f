import { writeFile } from 'node:fs/promises';
import { credentials } from '@grpc/grpc-js';
import {
  type ClientSetup,
  type DeviceEnvironment,
  junitReport,
  modelFacts,
  PROTOCOLS,
  type Protocol,
  type Result,
  type RunOptions,
  runClientSuite,
  runServerSuite,
  type ServerSetup,
  type Target,
  tapReport,
  textLine,
  textSummary,
} from '@renorm/conformance';
import { fromBinary, openRoot, printable, RenormError, SignedMessageSchema, webEd25519 } from '@renorm/protocol';
import { readSecretFile } from '@renorm/protocol/node';
import { Command, Option } from 'commander';
import { wholeNumber } from '../arguments.js';
import { print, printError } from '../display/terminal.js';
import { readNamed } from '../read-named.js';
import { readToken } from '../read-token.js';

const FORMATS = {
  text: undefined,
  tap: tapReport,
  junit: junitReport,
  json: (results: readonly Result[]) => `${JSON.stringify(results)}\n`,
} as const;

interface CommonFlags {
  readonly model: string;
  readonly case?: readonly string[];
  readonly format: keyof typeof FORMATS;
  readonly output?: string;
}

interface ServerFlags extends CommonFlags {
  readonly target: string;
  readonly protocol: Protocol;
  readonly cohort?: string;
  readonly trust?: string;
  readonly tokenFile?: string;
  readonly tlsAuthority?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
}

interface ClientFlags extends CommonFlags {
  readonly listen: number;
  readonly command?: string;
}

/** `renorm conformance`: whether a cloud or a device does what docs/protocol.md asks. */
export function conformanceCommand(): Command {
  return new Command('conformance').addCommand(serverCommand()).addCommand(clientCommand());
}

function serverCommand(): Command {
  const command = new Command('server')
    .description('act as devices against a cloud: it learns from made-up samples, so give it one that may')
    .requiredOption('--target <host:port>', 'where the cloud listens')
    .addOption(new Option('--protocol <name>', 'how to speak to it').choices(PROTOCOLS).default('grpc'))
    .option('--cohort <name>', 'where all takes place (default: cohorts that nobody has used)')
    .option('--trust <file>', 'root of a cloud that signs (1.root of renorm keys init)')
    .option('--token-file <file>', 'file with a token for --cohort')
    .option('--tls-authority <file>', 'authority that signed the certificate of the cloud, in PEM')
    .option('--tls-certificate <file>', 'certificate of a device, for a cloud that asks for one')
    .option('--tls-key <file>', 'its key');
  return common(command).action((flags: ServerFlags) =>
    report(flags, async (options) => runServerSuite(await serverSetup(flags), options)),
  );
}

function clientCommand(): Command {
  const command = new Command('client')
    .description('act as the cloud for a device: it is started anew for each case, or connects again by itself')
    .requiredOption('--listen <port>', 'port to listen on, 0 for any that is free', wholeNumber(0, 65535))
    .option('--command <line>', 'starts the device under test; see docs/conformance.md for what it is told');
  return common(command).action((flags: ClientFlags) =>
    report(flags, async (options) => {
      const { listen, command: line, model } = flags;
      const setup: ClientSetup = {
        model: modelFacts(await readNamed(model, 'the model'), model),
        modelFile: model,
        port: listen,
        ...(line !== undefined && { command: line }),
        onWaiting: (environment) =>
          void printError(`Start the device under test with
${shellText(environment)}
`),
      };
      return runClientSuite(setup, options);
    }),
  );
}

const shellText = (environment: DeviceEnvironment): string =>
  Object.entries(environment)
    .map(([name, value]) => `  ${name}='${value}'`)
    .join('\n');

function common(command: Command): Command {
  return command
    .requiredOption('--model <file>', 'the edge model (ONNX) that both sides use')
    .option('--case <id...>', 'only these cases')
    .addOption(new Option('--format <format>', 'of the report').choices(Object.keys(FORMATS)).default('text'))
    .addOption(new Option('--json', 'as --format json').implies({ format: 'json' }))
    .option('--output <file>', 'write the report there (default: print it)');
}

async function report(
  { case: only, format, output }: CommonFlags,
  run: (options: RunOptions) => Promise<readonly Result[]>,
): Promise<void> {
  const live = format === 'text' || output !== undefined;
  let group = '';
  const onResult = (result: Result): void => {
    if (!live) return;
    if (result.group !== group) print(`${group === '' ? '' : '\n'}${result.group}\n`);
    group = result.group;
    print(`${printable(textLine(result))}\n`);
  };
  const results = await run({ onResult, ...(only !== undefined && { only }) });
  if (results.length === 0)
    throw new RenormError('REQUEST_INVALID', `there is no case ${only?.join(', ')}; see the list.`);
  const text = FORMATS[format]?.(results);
  if (text !== undefined && output === undefined) print(printable(text));
  if (output !== undefined) await writeFile(output, text ?? `${results.map(textLine).join('\n')}\n`);
  if (live) print(`\n${textSummary(results)}\n`);
  if (results.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
}

async function serverSetup(flags: ServerFlags): Promise<ServerSetup> {
  const { target: address, protocol, model, cohort, trust, tokenFile } = flags;
  const tls = await tlsOf(flags);
  const token = tokenFile && readToken(tokenFile);
  const target: Target = {
    ...{ address, protocol },
    credentials:
      tls === undefined
        ? credentials.createInsecure()
        : credentials.createSsl(tls.ca, tls.key ?? null, tls.cert ?? null),
    ...(token && { token }),
    ...(tls !== undefined && { tls }),
  };
  const root = trust === undefined ? undefined : fromBinary(SignedMessageSchema, await readNamed(trust, 'the root'));
  return {
    target,
    model: modelFacts(await readNamed(model, 'the model'), model),
    ...(cohort !== undefined && { cohort }),
    ...(root !== undefined && { root: await openRoot(webEd25519, root) }),
    ...(tls?.cert !== undefined && {
      withoutCertificate: { ...target, credentials: credentials.createSsl(tls.ca), tls: { ca: tls.ca } },
    }),
  };
}

async function tlsOf({ tlsAuthority, tlsCertificate, tlsKey }: ServerFlags) {
  if (tlsAuthority === undefined) return undefined;
  if ((tlsCertificate === undefined) !== (tlsKey === undefined))
    throw new RenormError('REQUEST_INVALID', '--tls-certificate and --tls-key belong together; give both, or neither.');
  return {
    ca: await readNamed(tlsAuthority, 'the authority'),
    ...(tlsCertificate !== undefined && { cert: await readNamed(tlsCertificate, 'the certificate') }),
    ...(tlsKey !== undefined && { key: readSecretFile(tlsKey, 'the TLS key') }),
  };
}
