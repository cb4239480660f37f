import { tokenDigest, writeNextRoot, writePublicKey, writeSecretKey } from '@renorm/cloud';
import { randomSecretKey, toHex } from '@renorm/protocol';
import { Command } from 'commander';
import { wholeNumber } from '../arguments.js';

interface RootFlags {
  readonly roots: string;
  readonly rootKey: string;
  readonly newRootKey?: string;
  readonly signing: string[];
  readonly days: number;
}

const DAY_MS = 24 * 3_600_000;
const TOKEN_LENGTH = 32;

/** `renorm keys`: makes keys, the roots that name them, and tokens. docs/security.md says in which order. */
export function keysCommand(): Command {
  const keys = new Command('keys');
  keys
    .command('create')
    .description('make an Ed25519 key: the secret in <file>, its public half in <file>.pub')
    .argument('<file>')
    .action((file: string) => create(file));
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
    .action((cohort: string) => {
      const token = toHex(randomSecretKey().subarray(0, TOKEN_LENGTH));
      process.stdout.write(
        `token for the devices   ${token}\nline for the cloud      ${tokenDigest(token)} ${cohort}\n`,
      );
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
    .action((flags: RootFlags) => writeRoot(flags));
}

async function create(file: string): Promise<void> {
  writeSecretKey(file, randomSecretKey());
  const half = await writePublicKey(file);
  process.stdout.write(`${file} is the secret key, ${half.file} its public half:\n${half.text}\n`);
}

async function writeRoot({ days, ...flags }: RootFlags): Promise<void> {
  const { file, root } = await writeNextRoot({ ...flags, expiresAtMs: Date.now() + days * DAY_MS });
  const until = new Date(root.expiresAtMs).toISOString().slice(0, 10);
  process.stdout.write(`${file}: root ${root.version}, good until ${until}, signing keys:\n`);
  for (const key of root.signing.keys) process.stdout.write(`  ${toHex(key)}\n`);
}
