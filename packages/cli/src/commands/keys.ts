import { tokenDigest, writeNextRoot, writePublicKey, writeSecretKey } from '@renorm/cloud';
import { randomSecretKey, toHex } from '@renorm/protocol';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.js';
import { print } from '../display/terminal.js';

interface RootFlags {
  readonly roots: string;
  readonly rootKey: string;
  readonly newRootKey?: string;
  readonly signing: string[];
  readonly days: number;
  readonly json: boolean;
}

const DAY_MS = 24 * 3_600_000;
const TOKEN_LENGTH = 32;
const JSON_HELP = 'print one JSON object';

/** `renorm keys`: makes keys, the roots that name them, and tokens. docs/security.md says in which order. */
export function keysCommand(): Command {
  const keys = new Command('keys');
  keys
    .command('create')
    .description('make an Ed25519 key: the secret in <file>, its public half in <file>.pub')
    .argument('<file>')
    .option('--json', JSON_HELP, false)
    .action((file: string, { json }: { readonly json: boolean }) => create(file, json));
  rootCommand(keys, 'init', 'sign the first root: give it to the devices', 'folder for roots; made if it is not there');
  rootCommand(
    keys,
    'rotate',
    'sign the next root: other keys, or the same for longer',
    'folder with every root so far',
  ).option('--new-root-key <file>', 'secret root key that takes the place of the one before');
  keys
    .command('token')
    .description('make a token for the devices of a cohort; prints it, and the line for the cloud’s file of tokens')
    .argument('<cohort>')
    .option('--json', JSON_HELP, false)
    .action((cohort: string, { json }: { readonly json: boolean }) => {
      const token = toHex(randomSecretKey().subarray(0, TOKEN_LENGTH));
      if (json) return printObject({ cohort, token, digest: tokenDigest(token) });
      print(`token for the devices   ${token}\nline for the cloud      ${tokenDigest(token)} ${cohort}\n`);
    });
  return keys;
}

function rootCommand(keys: Command, name: string, description: string, folder: string): Command {
  return keys
    .command(name)
    .description(description)
    .requiredOption('--roots <folder>', folder)
    .requiredOption('--root-key <file>', 'secret root key; keep it offline')
    .requiredOption('--signing <file...>', 'public halves (.pub) of the keys that may sign versions')
    .option('--days <n>', 'how long the root is good for', wholeNumber(1, 36_500), 365)
    .option('--json', JSON_HELP, false)
    .action((flags: RootFlags) => writeRoot(flags));
}

const printObject = (value: object): void => print(`${JSON.stringify(value)}\n`);

async function create(file: string, json: boolean): Promise<void> {
  writeSecretKey(file, randomSecretKey());
  const half = await writePublicKey(file);
  if (json) return printObject({ secretKey: file, publicKey: half.file, text: half.text });
  print(`${file} is the secret key, ${half.file} its public half:\n${half.text}\n`);
}

async function writeRoot({ days, json, roots, rootKey, newRootKey, signing }: RootFlags): Promise<void> {
  const { file, root } = await writeNextRoot({
    ...{ roots, rootKey, signing, expiresAtMs: Date.now() + days * DAY_MS },
    ...(newRootKey !== undefined && { newRootKey }),
  });
  const keys = root.signing.keys.map(toHex);
  if (json) return printObject({ file, version: root.version, expiresAtMs: root.expiresAtMs, keys });
  const until = new Date(root.expiresAtMs).toISOString().slice(0, 10);
  print(`${file}: root ${root.version}, good until ${until}, signing keys:\n`);
  for (const key of keys) print(`  ${key}\n`);
}
